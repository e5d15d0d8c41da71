"""One package per AWS service; siblings never import each other, they speak through ``ctx.call`` and facts.

A package defines ``SERVICE`` in its ``__init__``. Adding an operation is adding a function marked
``@operation`` in a module of the package.
"""
