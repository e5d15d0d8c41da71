"""Documents: what is refused at creation and why, versions, listings, tags; outputs fit AWS's shapes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from botocore.validate import ParamValidator

from ssm_harness import ACCOUNT, Bench
from triptych.services.ssm import SERVICE
from triptych.services.ssm.library import amazon_documents
from triptych.wire.model import operation_model

SLEEP = {"name": "nap", "action": "aws:sleep", "inputs": {"Duration": "PT1S"}}
GOOD: dict[str, Any] = {"schemaVersion": "0.3", "description": "naps", "mainSteps": [SLEEP]}


def text(**changes: Any) -> str:
    return json.dumps(GOOD | changes)


def a_step(**changes: Any) -> dict[str, Any]:
    return {"mainSteps": [SLEEP | changes]}


async def create(bench: Bench, content: str | None = None, **params: Any) -> dict[str, Any]:
    return await bench.do(
        "CreateDocument",
        **({"Name": "Doc", "Content": content or text(), "DocumentType": "Automation"} | params),
    )


async def checked(bench: Bench, operation: str, **params: Any) -> dict[str, Any]:
    """The operation's result, after botocore agreed with its shape."""
    result = await bench.do(operation, **params)
    model = operation_model("ssm", operation)
    report = ParamValidator().validate(params, model.input_shape)
    assert not report.has_errors(), report.generate_report()
    report = ParamValidator().validate(result, model.output_shape)
    assert not report.has_errors(), report.generate_report()
    return result


async def test_create_and_read(bench: Bench) -> None:
    parameters = {
        "A": {"type": "String", "description": "an a", "default": "x"},
        "B": {"type": "StringList"},
        "C": {"type": "Boolean", "default": True},
    }
    content = text(parameters=parameters)
    made = await checked(
        bench, "CreateDocument", Name="Doc", Content=content, DocumentType="Automation",
        VersionName="v-one", DisplayName="A doc", Tags=[{"Key": "k", "Value": "v"}],
    )  # fmt: skip
    description = made["DocumentDescription"]
    assert description["Hash"] == hashlib.sha256(content.encode()).hexdigest()
    assert {
        k: description[k] for k in ("HashType", "Status", "Owner", "DocumentVersion", "LatestVersion")
    } == {
        "HashType": "Sha256",
        "Status": "Active",
        "Owner": ACCOUNT,
        "DocumentVersion": "1",
        "LatestVersion": "1",
    }
    assert description["Parameters"] == [
        {"Name": "A", "Type": "String", "Description": "an a", "DefaultValue": "x"},
        {"Name": "B", "Type": "StringList", "Description": ""},
        {"Name": "C", "Type": "String", "Description": "", "DefaultValue": "true"},
    ]
    assert (await checked(bench, "DescribeDocument", Name="Doc"))["Document"] == description
    got = await checked(bench, "GetDocument", Name="Doc")
    assert (got["Content"], got["DocumentFormat"], got["VersionName"]) == (content, "JSON", "v-one")
    by_arn = f"arn:aws:ssm:eu-central-1:{ACCOUNT}:document/Doc"
    assert (await checked(bench, "GetDocument", Name=by_arn))["Content"] == content
    as_yaml = await checked(bench, "GetDocument", Name="Doc", DocumentFormat="YAML")
    assert as_yaml["Content"].startswith("schemaVersion: '0.3'\ndescription: naps\n")


REFUSED = [
    ("{", "InvalidDocumentContent", "JSON not well-formed"),
    ("[]", "InvalidDocumentContent", "must be a map"),
    (text(schemaVersion="2.2"), "InvalidDocumentSchemaVersion", "0.3, not '2.2'"),
    (json.dumps({"mainSteps": []}), "InvalidDocumentSchemaVersion", "not None"),
    (text(extra=1), "InvalidDocumentContent", "Unknown top-level properties: extra"),
    (text(variables={"a": {}}), "InvalidDocumentContent", "does not implement 'variables'"),
    (text(files={"a": {}}), "InvalidDocumentContent", "does not implement 'files'"),
    (text(mainSteps=[]), "InvalidDocumentContent", "at least one step"),
    (text(mainSteps=["x"]), "InvalidDocumentContent", r"mainSteps[0] must be a map"),
    (text(mainSteps=[SLEEP, SLEEP]), "InvalidDocumentContent", "unique: nap"),
    (text(**a_step(name="a b")), "InvalidDocumentContent", "mainSteps[0].name 'a b'"),
    (text(**a_step(action="aws:runCommand")), "InvalidDocumentContent", "Step nap: Triptych does not implement the action aws:runCommand"),
    (text(**a_step(action="sleep")), "InvalidDocumentContent", "must match aws:"),
    (text(**a_step(nextstep="x")), "InvalidDocumentContent", "unknown properties: nextstep"),
    (text(**a_step(inputs={"Duration": "1s"})), "InvalidDocumentContent", "Step nap (aws:sleep): Duration '1s'"),
    (text(**a_step(inputs=[])), "InvalidDocumentContent", "inputs must be a map"),
    (text(**a_step(nextStep="there")), "InvalidDocumentContent", "do not exist: there"),
    (text(**a_step(onFailure="step:there")), "InvalidDocumentContent", "do not exist: there"),
    (text(**a_step(onCancel="step:there")), "InvalidDocumentContent", "do not exist: there"),
    (text(**a_step(onFailure="Retry")), "InvalidDocumentContent", "onFailure 'Retry' is not Abort, Continue"),
    (text(**a_step(onCancel="Continue")), "InvalidDocumentContent", "onCancel 'Continue' is not Abort"),
    (text(**a_step(maxAttempts=0)), "InvalidDocumentContent", "maxAttempts must be a whole number"),
    (text(**a_step(timeoutSeconds="soon")), "InvalidDocumentContent", "timeoutSeconds must be a whole number"),
    (text(**a_step(isEnd="maybe")), "InvalidDocumentContent", "isEnd must be true or false"),
    (text(**a_step(outputs=[{"Name": "a", "Selector": "$"}])), "InvalidDocumentContent", "has no outputs"),
    (text(**a_step(inputs={"Duration": "{{ Wait }}"})), "InvalidDocumentContent", "{{ Wait }}"),
    (text(**a_step(timeoutSeconds="{{ Wait }}")), "InvalidDocumentContent", "{{ Wait }}"),
    (text(**a_step(inputs={"Duration": "{{ nap.Out }}"})), "InvalidDocumentContent", "{{ nap.Out }}"),
    (text(**a_step(inputs={"Duration": "{{ssm:wait}}"})), "InvalidDocumentContent", "{{ ssm:wait }}"),
    (text(assumeRole="{{ Role }}"), "InvalidDocumentContent", "assumeRole refers to"),
    (text(outputs=["nap.Out"]), "InvalidDocumentContent", "outputs refers to"),
    (text(outputs="nap.Out"), "InvalidDocumentContent", "list of strings"),
    (text(parameters={"P": {"type": "Text"}}), "InvalidDocumentContent", "'Text' is not one of"),
    (text(parameters={"P": {"type": "String", "default": "{{ Q }}"}}), "InvalidDocumentContent", "default of parameter P"),
    (text(parameters=[]), "InvalidDocumentContent", "parameters must be a map"),
    (text(description=5), "InvalidDocumentContent", "description must be a string"),
    (text(description="x" * 70_000), "MaxDocumentSizeExceeded", "64 KB"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "code", "message"), REFUSED, ids=range(len(REFUSED)))
async def test_content_refused(bench: Bench, content: str, code: str, message: str) -> None:
    error = await bench.refused("CreateDocument", Name="Doc", Content=content, DocumentType="Automation")
    assert (error.code, error.status) == (code, 400)
    assert message in error.message
    assert (await bench.refused("GetDocument", Name="Doc")).code == "InvalidDocument"


API: dict[str, Any] = {
    "name": "api",
    "action": "aws:executeAwsApi",
    "inputs": {"Service": "s3", "Api": "ListBuckets"},
}


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ({"Name": "a", "Selector": "$.x[", "Type": "String"}, "Selector: expected"),
        ({"Name": "a", "Type": "String"}, "Selector is required"),
        ({"Name": "a b", "Selector": "$"}, "output name 'a b'"),
        ({"Name": "a", "Selector": "$", "Type": "Float"}, "type 'Float'"),
        ({"Name": "a", "Selector": "$", "Kind": "String"}, "Name, Selector and Type"),
        ({"Name": "OutputPayload", "Selector": "$"}, "is taken"),
        ("x", "Name, Selector and Type"),
    ],
)
async def test_outputs_refused(bench: Bench, output: Any, message: str) -> None:
    content = text(mainSteps=[API | {"outputs": [output]}])
    error = await bench.refused("CreateDocument", Name="Doc", Content=content, DocumentType="Automation")
    assert error.code == "InvalidDocumentContent"
    assert message in error.message


async def test_numbers_and_flags_may_be_text_or_references(bench: Bench) -> None:
    step = SLEEP | {"maxAttempts": "2", "timeoutSeconds": "{{ T }}", "isEnd": "true"}
    await create(bench, text(mainSteps=[step], parameters={"T": {"type": "Integer", "default": 9}}))
    execution = await bench.execution(await bench.start("Doc"))
    assert (execution.steps[0].max_attempts, execution.steps[0].is_end) == (2, True)
    await bench.run(execution.id)
    assert (await bench.execution(execution.id)).steps[0].timeout_seconds == 9


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"DocumentType": "Command"}, "NotImplemented"),
        ({"Attachments": [{"Key": "S3FileUrl", "Values": ["s3://x"]}]}, "NotImplemented"),
        ({"Requires": [{"Name": "Other"}]}, "NotImplemented"),
        ({"DocumentFormat": "TEXT"}, "InvalidDocumentContent"),
        ({"DocumentFormat": "YAML", "Content": "a: &x 1"}, "InvalidDocumentContent"),
        ({"Name": "AWS-Mine"}, "ValidationException"),
        ({"Name": "amazonian"}, "ValidationException"),
        ({"Tags": [{"Key": f"k{i}", "Value": ""} for i in range(51)]}, "TooManyTagsError"),
        ({"Tags": [{"Key": "aws:x", "Value": ""}]}, "ValidationException"),
    ],
)
async def test_create_refused(bench: Bench, params: dict[str, Any], code: str) -> None:
    base = {"Name": "Doc", "Content": text(), "DocumentType": "Automation"}
    assert (await bench.refused("CreateDocument", **(base | params))).code == code


async def test_without_a_type_a_document_is_a_command(bench: Bench) -> None:
    error = await bench.refused("CreateDocument", Name="Doc", Content=text())
    assert (error.code, error.status) == ("NotImplemented", 501)
    assert "Command" in error.message


async def test_create_twice(bench: Bench) -> None:
    await create(bench)
    error = await bench.refused("CreateDocument", Name="Doc", Content=text(), DocumentType="Automation")
    assert error.code == "DocumentAlreadyExists"


async def test_versions(bench: Bench) -> None:
    await create(bench, VersionName="v1")
    second = text(description="second")
    for params, code in [
        ({"Content": text()}, "DuplicateDocumentContent"),
        ({"Content": second, "DocumentVersion": "2"}, "InvalidDocumentVersion"),
        ({"Content": second, "VersionName": "v1"}, "DuplicateDocumentVersionName"),
        ({"Content": "{}"}, "InvalidDocumentSchemaVersion"),
        ({"Content": second, "Name": "Nope"}, "InvalidDocument"),
        ({"Content": second, "Name": "AWS-EnableS3BucketEncryption"}, "InvalidDocument"),
    ]:
        assert (await bench.refused("UpdateDocument", **({"Name": "Doc"} | params))).code == code
    made = (
        await checked(
            bench, "UpdateDocument", Name="Doc", Content=second, DocumentVersion="$LATEST", VersionName="v2"
        )
    )["DocumentDescription"]
    assert (made["DocumentVersion"], made["LatestVersion"], made["DefaultVersion"]) == ("2", "2", "1")

    async def described(**params: Any) -> str:
        return (await bench.do("DescribeDocument", Name="Doc", **params))["Document"]["Description"]

    assert await described() == "naps"
    assert await described(DocumentVersion="$LATEST") == "second"
    assert await described(DocumentVersion="2") == "second"
    assert await described(VersionName="v2") == "second"
    assert await described(DocumentVersion="$DEFAULT") == "naps"
    for params in (
        {"DocumentVersion": "3"},
        {"VersionName": "v3"},
        {"DocumentVersion": "1", "VersionName": "v2"},
    ):
        assert (await bench.refused("GetDocument", Name="Doc", **params)).code == "InvalidDocumentVersion"

    error = await bench.refused("UpdateDocumentDefaultVersion", Name="Doc", DocumentVersion="3")
    assert error.code == "InvalidDocumentVersion"
    changed = await checked(bench, "UpdateDocumentDefaultVersion", Name="Doc", DocumentVersion="2")
    assert changed["Description"] == {"Name": "Doc", "DefaultVersion": "2", "DefaultVersionName": "v2"}
    assert await described() == "second"
    listed = (await checked(bench, "ListDocumentVersions", Name="Doc"))["DocumentVersions"]
    assert [(v["DocumentVersion"], v["IsDefaultVersion"]) for v in listed] == [("2", True), ("1", False)]

    error = await bench.refused("DeleteDocument", Name="Doc", DocumentVersion="2")
    assert error.code == "InvalidDocumentOperation"
    await bench.do("UpdateDocument", Name="Doc", Content=text(description="third"))
    await checked(bench, "DeleteDocument", Name="Doc", DocumentVersion="3")
    fourth = await bench.do("UpdateDocument", Name="Doc", Content=text(description="third"))
    assert fourth["DocumentDescription"]["DocumentVersion"] == "4", "numbers are not used again"
    await bench.do("DeleteDocument", Name="Doc", VersionName="v1")
    listed = (await bench.do("ListDocumentVersions", Name="Doc"))["DocumentVersions"]
    assert [v["DocumentVersion"] for v in listed] == ["4", "2"]
    await bench.do("DeleteDocument", Name="Doc")
    assert (await bench.refused("DescribeDocument", Name="Doc")).code == "InvalidDocument"
    await create(bench)
    assert (await bench.do("DescribeDocument", Name="Doc"))["Document"]["LatestVersion"] == "1"


async def test_version_limit(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triptych.kernel.limits.SSM_DOCUMENT_VERSIONS", 2)
    monkeypatch.setattr("triptych.kernel.limits.SSM_DOCUMENTS", 1)
    await create(bench)
    await bench.do("UpdateDocument", Name="Doc", Content=text(description="2"))
    error = await bench.refused("UpdateDocument", Name="Doc", Content=text(description="3"))
    assert error.code == "DocumentVersionLimitExceeded"
    error = await bench.refused("CreateDocument", Name="Two", Content=text(), DocumentType="Automation")
    assert error.code == "DocumentLimitExceeded"


async def test_versions_are_listed_in_pages(bench: Bench) -> None:
    await create(bench)
    for i in range(11):
        await bench.do("UpdateDocument", Name="Doc", Content=text(description=str(i)))
    seen, token = [], {}
    while True:
        page = await checked(bench, "ListDocumentVersions", Name="Doc", MaxResults=5, **token)
        seen += [v["DocumentVersion"] for v in page["DocumentVersions"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == [str(n) for n in range(12, 0, -1)]
    error = await bench.refused("ListDocuments", **token)
    assert error.code == "InvalidNextToken"
    assert (await bench.refused("ListDocumentVersions", Name="Doc", NextToken="x")).code == "InvalidNextToken"


async def test_amazons_documents(bench: Bench) -> None:
    name = "AWS-EnableS3BucketEncryption"
    described = (await checked(bench, "DescribeDocument", Name=name))["Document"]
    assert (described["Owner"], described["DocumentFormat"]) == ("Amazon", "YAML")
    content = (await checked(bench, "GetDocument", Name=name))["Content"]
    assert "mainSteps" in content
    assert "cases" not in content
    as_json = json.loads((await bench.do("GetDocument", Name=name, DocumentFormat="JSON"))["Content"])
    assert as_json["schemaVersion"] == "0.3"
    assert len((await checked(bench, "ListDocumentVersions", Name=name))["DocumentVersions"]) == 1
    assert (await bench.refused("DeleteDocument", Name=name)).code == "InvalidDocument"
    assert (
        await bench.refused("GetDocument", Name=name, DocumentVersion="2")
    ).code == "InvalidDocumentVersion"


async def test_list_documents(bench: Bench) -> None:
    await create(bench, Tags=[{"Key": "team", "Value": "red"}])
    await create(bench, Name="Other")

    async def names(*filters: tuple[str, list[str]], **params: Any) -> list[str]:
        if filters:
            params["Filters"] = [{"Key": key, "Values": values} for key, values in filters]
        listed = (await checked(bench, "ListDocuments", **params))["DocumentIdentifiers"]
        return [entry["Name"] for entry in listed]

    amazon = sorted(amazon_documents())
    assert {"AWS-ConfigureS3BucketVersioning", "AWS-EnableS3BucketEncryption"} < set(amazon)
    assert await names() == [*amazon, "Doc", "Other"]
    assert await names(("Owner", ["Self"])) == ["Doc", "Other"]
    assert await names(("Owner", ["Amazon"])) == amazon
    assert await names(("Owner", ["ThirdParty"])) == []
    assert await names(("Name", ["AWS-E", "Oth"])) == ["AWS-EnableS3BucketEncryption", "Other"]
    assert await names(("DocumentType", ["Command"])) == []
    assert await names(("DocumentType", ["Automation"]), ("Owner", ["Self"])) == ["Doc", "Other"]
    assert await names(("SearchKeyword", ["bucket", "vers"])) == ["AWS-ConfigureS3BucketVersioning"]
    assert await names(("PlatformTypes", ["Linux"]), ("Owner", ["Self"])) == ["Doc", "Other"]
    assert await names(("tag:team", ["red"])) == ["Doc"]
    assert await names(DocumentFilterList=[{"key": "Owner", "value": "Self"}]) == ["Doc", "Other"]
    assert await names(MaxResults=len(amazon) + 1) == [*amazon, "Doc"]
    error = await bench.refused("ListDocuments", Filters=[{"Key": "Nope", "Values": ["x"]}])
    assert error.code == "InvalidFilterKey"
    error = await bench.refused("ListDocuments", Filters=[{"Key": "TargetType", "Values": ["/"]}])
    assert error.code == "NotImplemented"


async def test_documents_belong_to_an_account_and_region(bench: Bench) -> None:
    await create(bench)
    ctx = bench.ctx().at(account="999999999999", region="eu-central-1")
    listed = await SERVICE.operations["listdocuments"](
        ctx, {"Filters": [{"Key": "Owner", "Values": ["Self"]}]}
    )
    assert listed == {"DocumentIdentifiers": []}


async def test_tags(bench: Bench) -> None:
    await create(bench, Tags=[{"Key": "a", "Value": "1"}])
    execution_id = await bench.start("Doc")
    for kind, thing in (("Document", "Doc"), ("Automation", execution_id)):
        where = {"ResourceType": kind, "ResourceId": thing}
        await checked(bench, "AddTagsToResource", **where, Tags=[{"Key": "b", "Value": "2"}])
        await checked(bench, "RemoveTagsFromResource", **where, TagKeys=["a", "zzz"])
        listed = await checked(bench, "ListTagsForResource", **where)
        assert listed == {"TagList": [{"Key": "b", "Value": "2"}]}
        many = [{"Key": f"k{i}", "Value": ""} for i in range(50)]
        assert (await bench.refused("AddTagsToResource", **where, Tags=many)).code == "TooManyTagsError"
    error = await bench.refused("ListTagsForResource", ResourceType="Document", ResourceId="Nope")
    assert error.code == "InvalidResourceId"
    error = await bench.refused("ListTagsForResource", ResourceType="Parameter", ResourceId="p")
    assert (error.code, error.status) == ("NotImplemented", 501)
    assert "Parameter" in error.message
    amazon = {"ResourceType": "Document", "ResourceId": "AWS-EnableS3BucketEncryption"}
    assert await checked(bench, "ListTagsForResource", **amazon) == {"TagList": []}
    assert (await bench.refused("AddTagsToResource", **amazon, Tags=[])).code == "InvalidResourceId"


def test_every_refusal_is_an_error_the_model_knows_or_a_general_one() -> None:
    """Codes of the operations above are modelled exceptions, except the service-wide ones."""
    from triptych.wire.model import service_model

    known = set(service_model("ssm").error_shapes and [s.name for s in service_model("ssm").error_shapes])
    for code in {code for _, code, _ in REFUSED} | {
        "DocumentAlreadyExists", "DocumentLimitExceeded", "DuplicateDocumentContent", "InvalidDocument",
        "DuplicateDocumentVersionName", "InvalidDocumentVersion", "InvalidDocumentOperation", "InvalidNextToken",
        "DocumentVersionLimitExceeded", "InvalidFilterKey", "InvalidResourceId", "TooManyTagsError",
        "AutomationExecutionNotFoundException", "AutomationDefinitionNotFoundException", "InvalidFilterValue",
        "AutomationDefinitionVersionNotFoundException", "InvalidAutomationExecutionParametersException",
        "IdempotentParameterMismatch", "AutomationExecutionLimitExceededException",
        "InvalidAutomationStatusUpdateException",
    }:  # fmt: skip
        assert code in known, code
