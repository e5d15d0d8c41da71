"""The functions of metric math, a file for each family; ``catalogue`` finds them.

Source of every rule: "Using math expressions with CloudWatch metrics" in the CloudWatch User Guide.
"""
