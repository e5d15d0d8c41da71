"""SEARCH: every example of the AWS page, the grammar, and what is refused where."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.query.search_expression import SearchError, compile_search, parse, tokenize


def found(pattern: str, *, name: str = "Other", namespace: str = "Mine", **dimensions: str) -> bool:
    return compile_search(pattern, "Sum").matches(
        namespace, name, dimensions.items(), account_id="111122223333"
    )


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("CustomCount1", "custom count 1"),
        ("SDBFailure", "sdb failure"),
        ("Project2-trial333", "project 2 trial 333"),
        ("Network-Errors_2", "network errors 2"),
        ("couNT", "cou nt"),
        ("COUNT", "count"),
        ("CPUUtilization", "cpu utilization"),
        ("i-1234567890abcdef0", "i 1234567890 abcdef 0"),
        ("Größe9", "gr öß e 9"),
        ("--", ""),
    ],
)
def test_tokens(text: str, tokens: str) -> None:
    assert [token.lower() for word in tokenize(text) for token in word] == tokens.split()


@pytest.mark.parametrize(
    ("term", "name", "expected"),
    [
        ("count", "CustomCount1", True),
        ("Count", "CustomCount1", True),
        ("COUNT", "CustomCount1", True),
        ("couNT", "CustomCount1", False),
        ("CustomCount", "CustomCount1", True),
        ("Count1", "CustomCount1", True),
        ("customcount", "CustomCount1", False),
        ("count1", "CustomCount1", False),
        ("customcount1", "CustomCount1", True),
        ("Custom1", "CustomCount1", False),
        ("network/errors", "Network-Errors-2", True),
        ("network+errors", "Network-Errors-2", True),
        ("network-errors", "Network-Errors-2", True),
        ("Network_Errors", "Network-Errors-2", True),
        ("network/errors", "NetworkErrors2", True),
        ("network+errors", "NetworkErrors2", True),
        ("network-errors", "NetworkErrors2", True),
        ("Network_Errors", "NetworkErrors2", True),
        ("errors-network", "NetworkErrors2", False),
        ("network-2", "NetworkErrors2", False),
        ('"CustomCount1"', "CustomCount1", True),
        ('"customcount1"', "CustomCount1", False),
        ('"Custom"', "CustomCount1", False),
        ('"Network-Errors-2"', "Network-Errors-2", True),
        ('"Network_Errors_2"', "Network-Errors-2", False),
        (r'"Europe\\France Traffic\(Network\)"', "Europe\\France Traffic(Network)", True),
        ("ReadOps", "VolumeReadOps", True),
        ("errors", "", False),
    ],
)
def test_terms(term: str, name: str, expected: bool) -> None:
    assert found(term, name=name) is expected
    assert found(f"MetricName={term}", name=name) is expected
    assert found(f"MetricName = ({term})", name=name) is expected
    assert found(term, Dimension=name) is expected
    assert found(f"Dimension={term}", Dimension=name) is expected
    assert found(term, namespace=name) is expected
    assert found(f"Namespace={term}", namespace=name) is expected
    assert found(f"NOT {term}", name=name) is not expected
    assert not found(f"Dimension={term}", name=name)
    assert not found(f"MetricName={term}", Dimension=name)


@pytest.mark.parametrize(
    ("pattern", "namespace", "dimensions", "expected"),
    [
        ("{AWS/EC2,InstanceId}", "AWS/EC2", {"InstanceId": "i-1"}, True),
        ("{AWS/EC2,InstanceId}", "AWS/EC2", {"InstanceId": "i-1", "Other": "x"}, False),
        ("{AWS/EC2,InstanceId}", "AWS/EC2", {}, False),
        ("{AWS/EC2,InstanceId}", "AWS/EBS", {"InstanceId": "i-1"}, False),
        ("{AWS/EC2,InstanceId}", "aws/ec2", {"InstanceId": "i-1"}, False),
        (" { AWS/EC2 , A , B } , ", "AWS/EC2", {"B": "1", "A": "2"}, True),
        ('{"My Namespace", "Dimension@Name"}', "My Namespace", {"Dimension@Name": "x"}, True),
        ("{MyNamespace}", "MyNamespace", {"Any": "x"}, True),
        ("{MyNamespace}", "MyNamespace", {}, True),
    ],
)
def test_schemas(pattern: str, namespace: str, dimensions: dict[str, str], expected: bool) -> None:
    assert found(pattern, namespace=namespace, **dimensions) is expected


EC2 = {
    "namespace": "AWS/EC2",
    "name": "CPUUtilization",
    "InstanceId": "i-1234567890123456",
    "InstanceType": "t2.micro",
}
LAMBDA = {"namespace": "AWS/Lambda", "name": "Invocations", "FunctionName": "ProjectA-worker"}


@pytest.mark.parametrize(
    ("pattern", "metric", "expected"),
    [
        ("InstanceType=micro", EC2, True),
        ('InstanceType="t2.micro" Namespace="AWS/EC2"', EC2, True),
        ('InstanceType="t2" Namespace="AWS/EC2"', EC2, False),
        ('"AWS/EC2" MetricName="CPUUtilization"', EC2, True),
        ('MetricName="CPUUtilization" NOT i-1234567890123456', EC2, False),
        ('MetricName="CPUUtilization" NOT i-1234567890123457', EC2, True),
        ('MetricName="CPUUtilization" NOT "ProjectA" NOT "ProjectB"', EC2, True),
        ("NOT Namespace=AWS", EC2, False),
        ("NOT Namespace=AWS", {"namespace": "Mine"}, True),
        ("NOT NOT Namespace=AWS", EC2, True),
        ("(EC2 OR EBS) AND MetricName=CPU", EC2, True),
        ("(EC2 OR EBS) MetricName=CPU", EC2, True),
        ("(ECS OR EBS) MetricName=CPU", EC2, False),
        ("ECS EBS OR CPU", EC2, True),
        ("ECS (EBS OR CPU)", EC2, False),
        ("NOT ECS AND CPU", EC2, True),
        ("NOT (ECS OR CPU)", EC2, False),
        ("cpu and utilization", EC2, False),
        ('InstanceId=("i-1" OR "i-1234567890123456")', EC2, True),
        ('"InstanceId"=("i-1" OR NOT "i-2")', EC2, True),
        (
            '{AWS/Lambda,FunctionName} MetricName="Errors" OR (MetricName="Invocations" AND (ProjectA OR ProjectB))',
            LAMBDA,
            True,
        ),
        (
            '{AWS/Lambda,FunctionName} MetricName="Errors" OR (MetricName="Invocations" AND (ProjectC OR ProjectB))',
            LAMBDA,
            False,
        ),
        ('{AWS/Lambda,FunctionName} "Errors" OR invocations', LAMBDA, True),
        (':aws.AccountId = "111122223333" cpu', EC2, True),
        (":aws.AccountId = 'LOCAL' cpu", EC2, True),
        (":aws.AccountId=LOCAL cpu", EC2, True),
        (":aws.AccountId = 444455556666 cpu", EC2, False),
        ("NOT :aws.AccountId = 444455556666", EC2, True),
    ],
)
def test_combinations(pattern: str, metric: dict[str, str], expected: bool) -> None:
    assert found(pattern, **metric) is expected


@pytest.mark.parametrize(
    ("pattern", "words", "position"),
    [
        ("", "needs a metric schema, a term, or both", 0),
        ("  ", "needs a metric schema", 0),
        ("{AWS/EC2", "does not end", 0),
        ("{}", "A name is missing", 1),
        ("{AWS/EC2,}", "A name is missing", 9),
        ("{My Namespace}", "quoted if they hold spaces", 4),
        ("(a OR b", "not closed", 7),
        ("a)", "Unexpected ')'", 1),
        ("a OR", "A term is missing", 4),
        ("OR a", "Expected a term before 'OR'", 0),
        ("NOT", "A term is missing", 3),
        ("a AND OR b", "Expected a term before 'OR'", 6),
        ("MetricName=", "has no value", 11),
        ("= a", "Expected a term before '='", 0),
        ("a=(b=c)", "may not stand within", 3),
        ('"abc', "not closed", 0),
        ("a *", "neither letters nor digits", 2),
        ("(" * 66 + "a" + ")" * 66, "nested more than 64 deep", 65),
        ("a" * 1025, "1024 are allowed", 1024),
    ],
)
def test_what_is_refused(pattern: str, words: str, position: int) -> None:
    with pytest.raises(SearchError) as caught:
        compile_search(pattern, "Sum")
    assert words in caught.value.message
    assert caught.value.position == position


def test_a_whole_call() -> None:
    search = parse("SEARCH(' {AWS/EC2,InstanceId} MetricName=\"CPUUtilization\" ', 'Average', 300)")
    assert search.namespace == "AWS/EC2"
    assert search.dimension_names == {"InstanceId"}
    assert (search.statistic.kind, search.period) == ("Average", 300)
    assert search.matches("AWS/EC2", "CPUUtilization", [("InstanceId", "i-1")])
    assert not search.matches("AWS/EC2", "NetworkIn", [("InstanceId", "i-1")])
    assert parse("SEARCH('cpu', 'p99')").period is None
    for text in ("SEARCH('cpu')", "SEARCH(cpu, 'Sum')", "FIND('cpu', 'Sum')", "SEARCH('cpu', 'Sum') + 1"):
        with pytest.raises(SearchError, match="A search expression is"):
            parse(text)
    with pytest.raises(SearchError, match="The value Mean is not a statistic"):
        parse("SEARCH('cpu', 'Mean')")
    with pytest.raises(SearchError, match="The period 7"):
        parse("SEARCH('cpu', 'Sum', 7)")


@settings(max_examples=300, deadline=None)
@given(text=st.text('aB1 (){}"\\=:,ANDORNOT-', max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        search = compile_search(text, "Sum")
    except SearchError as error:
        assert 0 <= error.position <= len(text)
    else:
        assert search.matches("A", "B", []) in {True, False}


@settings(max_examples=200, deadline=None)
@given(name=st.text("aBc1-_", min_size=1, max_size=12).filter(lambda text: text.strip("-_")))
def test_a_name_finds_itself(name: str) -> None:
    assert found(name, name=name)
    assert found(f'"{name}"', name=name)
