"""The functions of the query language: each file defines ``FUNCTIONS``, a small family with its cases."""
