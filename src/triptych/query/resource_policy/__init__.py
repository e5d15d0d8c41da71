"""Resource policies: whether what a policy says about a resource lets a request in. Pure.

``parse`` reads a document or says what is wrong with it; ``judge`` holds a request against it. ``policy`` (statements:
who, what, on what), ``condition`` (operators over the keys of a request), ``text`` (wildcards and variables).

Not here: identity policies, permissions boundaries, service control policies. Nobody evaluates those.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from triptych.query.resource_policy.policy import Policy, Principal, Request, Verdict, judge, parse
from triptych.query.resource_policy.text import InvalidPolicy

__all__ = ["InvalidPolicy", "Policy", "Principal", "Request", "Verdict", "judge", "parse"]
