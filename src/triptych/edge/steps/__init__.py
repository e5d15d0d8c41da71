"""The steps of ``gateway``, one function each; the order is written down there."""
