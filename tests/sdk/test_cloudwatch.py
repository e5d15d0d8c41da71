"""CloudWatch from unmodified clients: botocore's JSON, botocore made to speak Query, and CBOR by hand."""

from __future__ import annotations

import datetime as dt
import json

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.loaders import Loader

START = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0) - dt.timedelta(minutes=10)


@pytest.fixture(params=["json", "query"])
def cloudwatch(request, server, monkeypatch) -> BaseClient:
    load = Loader.load_service_model

    def speaking(self, service, kind, *version, **more):
        model = load(self, service, kind, *version, **more)
        if service == "cloudwatch" and kind == "service-2":
            metadata = {**model["metadata"], "protocol": request.param, "protocols": [request.param]}
            if request.param == "query":
                metadata.pop("awsQueryCompatible", None)
            model = {**model, "metadata": metadata}
        return model

    monkeypatch.setattr(Loader, "load_service_model", speaking)
    made = boto3.session.Session().client(
        "cloudwatch", endpoint_url=server.url, region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test", config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip
    assert made.meta.service_model.resolved_protocol == request.param
    return made


def refused(call, **params) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_what_is_put_is_listed_and_read(cloudwatch, request) -> None:
    namespace = f"App/{request.node.callspec.params['cloudwatch']}"
    dimensions = [{"Name": "Host", "Value": "a"}]
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": "Latency", "Dimensions": dimensions, "Timestamp": START, "Unit": "Milliseconds",
             "Values": [1.0, 2.0, 10.0], "Counts": [1.0, 2.0, 1.0]},
            {"MetricName": "Latency", "Dimensions": dimensions, "Timestamp": START + dt.timedelta(minutes=1), "Value": 4.0,
             "Unit": "Milliseconds"},
            {"MetricName": "Errors", "Timestamp": START,
             "StatisticValues": {"SampleCount": 5.0, "Sum": 3.0, "Minimum": 0.0, "Maximum": 1.0}},
        ],
    )  # fmt: skip
    listed = cloudwatch.list_metrics(Namespace=namespace, RecentlyActive="PT3H")["Metrics"]
    assert listed == [
        {"Namespace": namespace, "MetricName": "Errors", "Dimensions": []},
        {"Namespace": namespace, "MetricName": "Latency", "Dimensions": dimensions},
    ]
    statistics = cloudwatch.get_metric_statistics(
        Namespace=namespace, MetricName="Latency", Dimensions=dimensions, Period=60, StartTime=START,
        EndTime=START + dt.timedelta(minutes=5), Statistics=["Average", "Maximum", "SampleCount"],
    )  # fmt: skip
    assert statistics["Label"] == "Latency"
    assert statistics["Datapoints"] == [
        {"Timestamp": START, "Average": 3.75, "Maximum": 10.0, "SampleCount": 4.0, "Unit": "Milliseconds"},
        {"Timestamp": START + dt.timedelta(minutes=1), "Average": 4.0, "Maximum": 4.0, "SampleCount": 1.0,
         "Unit": "Milliseconds"},
    ]  # fmt: skip
    metric = {"Namespace": namespace, "MetricName": "Latency", "Dimensions": dimensions}
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "p50"}, "Label": "p50, at most ${MAX}"},
            {"Id": "m2", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
            {"Id": "e1", "Expression": "m2 / m1"},
            {"Id": "e2", "Expression": f"SEARCH('{{{namespace},Host}} Latency', 'Maximum', 300)"},
        ],
        StartTime=START, EndTime=START + dt.timedelta(minutes=5), ScanBy="TimestampAscending",
    )  # fmt: skip
    found = {each["Id"]: each for each in answer["MetricDataResults"]}
    assert sorted(found) == ["e1", "e2", "m1"]
    assert (found["m1"]["Label"], found["m1"]["Values"]) == ("p50, at most 4", [2.0, 4.0])
    assert found["m1"]["Timestamps"] == [START, START + dt.timedelta(minutes=1)]
    assert (found["e1"]["Label"], found["e1"]["Values"]) == ("e1", [7.5, 1.0])
    assert (found["e2"]["Label"], found["e2"]["Values"]) == ("Latency a", [10.0])
    assert {each["StatusCode"] for each in found.values()} == {"Complete"}


def test_metrics_insights(cloudwatch, request) -> None:
    namespace = f"Insights/{request.node.callspec.params['cloudwatch']}"
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": "Load", "Dimensions": [{"Name": "Host", "Value": host}], "Timestamp": START, "Value": value}
            for host, value in (("a", 1.0), ("b", 5.0), ("c", 3.0))
        ],
    )  # fmt: skip

    def asked(*queries) -> list[tuple[str, str, list[float]]]:
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=list(queries), StartTime=START, EndTime=START + dt.timedelta(minutes=5)
        )
        return [(each["Id"], each["Label"], each["Values"]) for each in answer["MetricDataResults"]]

    top = f'SELECT MAX(Load) FROM SCHEMA("{namespace}", Host) GROUP BY Host ORDER BY MAX() DESC LIMIT 2'
    query = {"Id": "q1", "Expression": top, "Period": 60}
    assert asked(query) == [("q1", "b", [5.0]), ("q1", "c", [3.0])]
    assert asked(query | {"ReturnData": False}, {"Id": "e1", "Expression": "SUM(q1)"}) == [
        ("e1", "e1", [8.0])
    ]
    mean = {
        "Id": "q1",
        "Expression": f"select avg(Load) from \"{namespace}\" where Host != 'b'",
        "Period": 300,
    }
    assert asked(mean | {"Label": "${LABEL}: ${MAX}"}) == [("q1", "Load: 2", [2.0])]
    wrong = {"Id": "q1", "Expression": "SELECT MEAN(Load) FROM App", "Period": 60}
    code, message = refused(lambda: asked(wrong))
    assert code == "ValidationError"
    assert (
        message
        == "Error in expression 'q1': 'MEAN' is not a function: there are AVG, COUNT, MAX, MIN, SUM [7]"
    )


def test_refusals_have_aws_codes_and_words(cloudwatch) -> None:
    put, now = cloudwatch.put_metric_data, dt.datetime.now(dt.UTC)
    nan = {"MetricName": "m", "Value": float("nan")}
    assert refused(put, Namespace="App", MetricData=[nan, nan]) == (
        "InvalidParameterValue",
        "The value NaN for parameter MetricData.member.1.Value is invalid.\n"
        "The value NaN for parameter MetricData.member.2.Value is invalid.",
    )
    old = {"MetricName": "m", "Value": 1, "Timestamp": now - dt.timedelta(days=15)}
    assert refused(put, Namespace="App", MetricData=[old]) == (
        "InvalidParameterValue",
        "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.",
    )
    both = {"MetricName": "m", "Value": 1, "Values": [1.0]}
    assert refused(put, Namespace="App", MetricData=[both]) == (
        "InvalidParameterCombination",
        "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you have "
        "specified both.",
    )
    assert refused(put, Namespace="AWS/EC2", MetricData=[{"MetricName": "m", "Value": 1}]) == (
        "InvalidParameterValue",
        "The value AWS/ for parameter Namespace is invalid.",
    )
    assert refused(
        cloudwatch.get_metric_statistics, Namespace="App", MetricName="m", Period=60, Statistics=["Sum"],
        StartTime=START, EndTime=START + dt.timedelta(minutes=1441),
    ) == (
        "InvalidParameterCombination",
        "You have requested up to 1,441 datapoints, which exceeds the limit of 1,440. You may reduce the datapoints "
        "requested by increasing Period, or decreasing the time range.",
    )  # fmt: skip
    assert refused(
        cloudwatch.get_metric_data,
        MetricDataQueries=[{"Id": "e1", "Expression": "SUM(m9)"}],
        StartTime=START,
        EndTime=now,
    ) == ("ValidationError", "Error in expression 'e1': The following ids were not found: ['m9']")
    assert refused(cloudwatch.get_dashboard, DashboardName="nope")[0] in (
        "ResourceNotFound",
        "DashboardNotFoundError",
    )


def test_dashboards_and_their_tags(cloudwatch, request) -> None:
    name = f"board-{request.node.callspec.params['cloudwatch']}"
    widget = {
        "type": "metric",
        "x": 0,
        "y": 0,
        "properties": {"region": "us-east-1", "metrics": [["App", "m"]]},
    }
    answer = cloudwatch.put_dashboard(
        DashboardName=name,
        DashboardBody=json.dumps({"widgets": [widget | {"colour": 1}]}),
        Tags=[{"Key": "a", "Value": "1"}],
    )
    assert answer["DashboardValidationMessages"] == [
        {"DataPath": "/widgets/0", "Message": "Should NOT have additional properties: 'colour'"}
    ]
    arn = cloudwatch.get_dashboard(DashboardName=name)["DashboardArn"]
    assert arn == f"arn:aws:cloudwatch::000000000000:dashboard/{name}"
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    code, message = refused(
        cloudwatch.put_dashboard,
        DashboardName=name,
        DashboardBody=json.dumps({"widgets": [widget | {"type": "pie"}]}),
    )
    assert code in ("InvalidParameterInput", "DashboardInvalidInputError")
    assert message.startswith("The dashboard body is invalid, there are 1 validation errors:\n[")
    entries = cloudwatch.list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]
    assert [entry["DashboardName"] for entry in entries] == [name]
    cloudwatch.delete_dashboards(DashboardNames=[name])
    assert refused(cloudwatch.list_tags_for_resource, ResourceARN=arn)[0] == "ResourceNotFoundException"


def test_tags_of_alarms(cloudwatch, request) -> None:
    name = f"alarm-{request.node.callspec.params['cloudwatch']}"
    cloudwatch.put_metric_alarm(
        AlarmName=name, Namespace="App", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold", Tags=[{"Key": "team", "Value": "blue"}],
    )  # fmt: skip
    arn = f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}"
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "blue"}]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "team", "Value": "red"}])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "red"}]
    cloudwatch.delete_alarms(AlarmNames=[name])
    assert refused(cloudwatch.list_tags_for_resource, ResourceARN=arn)[0] == "ResourceNotFoundException"


def test_cbor(server) -> None:
    import http.client
    from urllib.parse import urlsplit

    import cbor2

    def call(operation: str, params: dict) -> tuple[int, dict]:
        url = f"{server.url}/service/GraniteServiceVersion20100801/operation/{operation}"
        headers = {
            "smithy-protocol": "rpc-v2-cbor",
            "Content-Type": "application/cbor",
            "Accept": "application/cbor",
        }
        made = AWSRequest("POST", url, data=cbor2.dumps(params), headers=headers)
        SigV4Auth(Credentials("test", "test"), "monitoring", "us-east-1").add_auth(made)
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        connection.request("POST", urlsplit(url).path, body=made.body, headers=dict(made.headers.items()))
        reply = connection.getresponse()
        body = reply.read()
        connection.close()
        return reply.status, cbor2.loads(body) if body else {}

    time = cbor2.CBORTag(1, START.timestamp())
    datum = {"MetricName": "m", "Timestamp": time, "Value": 2.5}
    status, _ = call("PutMetricData", {"Namespace": "App/cbor", "MetricData": [datum]})
    assert status == 200
    metric = {"Metric": {"Namespace": "App/cbor", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    query = {"MetricDataQueries": [{"Id": "a", "MetricStat": metric}], "StartTime": time,
             "EndTime": cbor2.CBORTag(1, START.timestamp() + 60)}  # fmt: skip
    status, answer = call("GetMetricData", query)
    assert status == 200
    assert answer["MetricDataResults"][0]["Values"] == [2.5]
    assert answer["MetricDataResults"][0]["Timestamps"][0].timestamp() == START.timestamp()


def test_the_gateway_measures_itself(client, eventually) -> None:
    cloudwatch = client("cloudwatch")
    with pytest.raises(ClientError):
        cloudwatch.get_dashboard(DashboardName="not-there")

    def total(namespace: str, name: str, dimensions: dict[str, str]) -> float:
        listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
        now = dt.datetime.now(dt.UTC)
        points = cloudwatch.get_metric_statistics(
            Namespace=namespace, MetricName=name, Dimensions=listed, Period=3600, Statistics=["Sum"],
            StartTime=now - dt.timedelta(hours=2), EndTime=now + dt.timedelta(minutes=1),
        )["Datapoints"]  # fmt: skip
        return sum(point["Sum"] for point in points)

    usage = {"Type": "API", "Service": "CloudWatch", "Resource": "GetDashboard", "Class": "None"}
    eventually(lambda: total("AWS/Usage", "CallCount", usage), what="the call count")
    one = {"Service": "cloudwatch", "Operation": "GetDashboard"}
    assert total("Triptych/Gateway", "4xxErrors", one) >= 1
    assert total("Triptych/Gateway", "5xxErrors", one) == 0
    assert total("Triptych/Gateway", "Latency", {"Service": "cloudwatch"}) > 0
    assert total("Triptych/Gateway", "Requests", {}) >= total("Triptych/Gateway", "Requests", one)
