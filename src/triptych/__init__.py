"""Triptych: CloudWatch, CloudTrail and Config for any AWS-compatible estate, in one server."""

__version__ = "0.1.0"
