"""Operations on documents: create, read, version, list, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError, unbuilt
from triptych.services.contract import Ctx, operation
from triptych.services.ssm import content, library, parameters, schema
from triptych.services.ssm.content import Format
from triptych.services.ssm.library import DOCUMENTS, VERSIONS, Found, StoredDocument, StoredVersion
from triptych.services.ssm.paging import page
from triptych.services.ssm.tagging import tags_from, tags_view

RESERVED_PREFIXES = ("aws", "amazon", "amzn")
PLATFORMS = ["Windows", "Linux", "MacOS"]


@operation
async def create_document(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Create an Automation document as its version 1.

    Partly: only documents of type Automation; no attachments, no ``Requires``.
    """
    name = params["Name"]
    if params.get("DocumentType", "Command") != "Automation":
        raise unbuilt(f"documents of type {params.get('DocumentType', 'Command')}")
    if params.get("Attachments") or params.get("Requires"):
        raise unbuilt("attachments and requirements of documents")
    if name.lower().startswith(RESERVED_PREFIXES):
        raise ServiceError(
            "ValidationException",
            f"The name {name} is not allowed: names that begin with aws, amazon or amzn are reserved.",
        )
    version = _checked_version(ctx, params, number=1)
    if await ctx.unit.get(DOCUMENTS, name, account=ctx.account, region=ctx.region) is not None:
        raise ServiceError("DocumentAlreadyExists", "The specified document already exists.")
    existing = await ctx.unit.list(
        DOCUMENTS, account=ctx.account, region=ctx.region, limit=limits.SSM_DOCUMENTS
    )
    if len(existing) >= limits.SSM_DOCUMENTS:
        raise ServiceError(
            "DocumentLimitExceeded", f"You can have at most {limits.SSM_DOCUMENTS} active SSM documents."
        )
    document = StoredDocument(name=name, created=ctx.now, tags=tags_from(params.get("Tags")))
    ctx.unit.create(DOCUMENTS, name, document, account=ctx.account, region=ctx.region)
    _put_version(ctx, version)
    return {"DocumentDescription": _description(ctx.account, document, version)}


@operation
async def update_document(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Add a version; the default version stays what it is.

    Partly: no attachments.
    """
    if params.get("Attachments"):
        raise unbuilt("attachments of documents")
    document = await _own(ctx, params["Name"])
    if params.get("DocumentVersion", "$LATEST") not in ("$LATEST", str(document.latest)):
        raise ServiceError(
            "InvalidDocumentVersion",
            "The document version is not valid or does not exist. Only the latest version can be updated.",
        )
    version = _checked_version(ctx, params, number=document.issued + 1)
    if await _in_index(ctx, "hash", f"{document.name}/{version.hash}"):
        raise ServiceError(
            "DuplicateDocumentContent", "The content of the document matches another version of the document."
        )
    if version.version_name and await _in_index(
        ctx, "version_name", f"{document.name}/{version.version_name}"
    ):
        raise ServiceError(
            "DuplicateDocumentVersionName", "The version name has already been used in this document."
        )
    kept = await library.versions_of(ctx.unit, account=ctx.account, region=ctx.region, name=document.name)
    if len(kept) >= limits.SSM_DOCUMENT_VERSIONS:
        raise ServiceError(
            "DocumentVersionLimitExceeded",
            f"The document has {len(kept)} versions. Delete one or more document versions and try again.",
        )
    updated = msgspec.structs.replace(document, latest=version.number, issued=version.number)
    ctx.unit.put(DOCUMENTS, document.name, updated, account=ctx.account, region=ctx.region)
    _put_version(ctx, version)
    return {"DocumentDescription": _description(ctx.account, updated, version)}


@operation
async def get_document(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The content, converted when another format is asked for."""
    found = await _find(ctx, params)
    version = found.version
    form = params.get("DocumentFormat", version.format)
    text = version.content
    if form == "TEXT":
        raise ServiceError("ValidationException", "Automation documents are JSON or YAML, not TEXT.")
    if form != version.format:
        text = content.write(content.read(text, version.format), form)
    return _shown(
        {
            "Name": found.document.name,
            "CreatedDate": version.created,
            "DisplayName": version.display_name,
            "VersionName": version.version_name,
            "DocumentVersion": str(version.number),
            "Status": "Active",
            "Content": text,
            "DocumentType": "Automation",
            "DocumentFormat": form,
        }
    )


@operation
async def describe_document(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    found = await _find(ctx, params)
    return {"Document": _description(found.owner, found.document, found.version)}


@operation
async def update_document_default_version(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    document = await _own(ctx, params["Name"])
    number = int(params["DocumentVersion"])
    version = await ctx.unit.get(
        VERSIONS, library.version_key(document.name, number), account=ctx.account, region=ctx.region
    )
    if version is None:
        raise _no_version()
    updated = msgspec.structs.replace(document, default=number)
    ctx.unit.put(DOCUMENTS, document.name, updated, account=ctx.account, region=ctx.region)
    return {
        "Description": _shown(
            {
                "Name": document.name,
                "DefaultVersion": str(number),
                "DefaultVersionName": version.version_name,
            }
        )
    }


@operation
async def list_document_versions(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Versions, newest first."""
    found = await _find(ctx, {"Name": params["Name"]})
    name = found.document.name
    versions = (
        [found.version]
        if found.owner == library.AMAZON
        else await library.versions_of(ctx.unit, account=ctx.account, region=ctx.region, name=name)
    )
    listing = f"ListDocumentVersions/{name}"
    shown, token = page(
        sorted(versions, key=lambda v: -v.number), listing, params, position=lambda v: -v.number
    )
    return _shown(
        {
            "DocumentVersions": [
                _shown(
                    {
                        "Name": name,
                        "DisplayName": version.display_name,
                        "DocumentVersion": str(version.number),
                        "VersionName": version.version_name,
                        "CreatedDate": version.created,
                        "IsDefaultVersion": version.number == found.document.default,
                        "DocumentFormat": version.format,
                        "Status": "Active",
                    }
                )
                for version in shown
            ],
            "NextToken": token,
        }
    )


@operation
async def list_documents(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Own documents and AWS's runbooks by name, one entry for the default version of each."""
    filters = _filters(params)
    names = [(name, document, library.AMAZON) for name, (document, _) in library.amazon_documents().items()]
    own = await ctx.unit.list(DOCUMENTS, account=ctx.account, region=ctx.region)
    names += [(d.key, d.value, ctx.account) for d in own]
    matching = [
        (name, document, owner)
        for name, document, owner in sorted(names)
        if all(_passes(key, values, document, owner, ctx.account) for key, values in filters)
    ]
    listing = f"ListDocuments/{sorted(filters)}"
    shown, token = page(matching, listing, params, position=lambda entry: entry[0])
    identifiers = []
    for name, document, owner in shown:
        found = await _find(ctx, {"Name": name})
        identifiers.append(_identifier(document, owner, found.version))
    return _shown({"DocumentIdentifiers": identifiers, "NextToken": token})


@operation
async def delete_document(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Delete a document, or one version of it that is not the default."""
    document = await _own(ctx, params["Name"])
    where = {"account": ctx.account, "region": ctx.region}
    versions = await library.versions_of(ctx.unit, name=document.name, **where)
    if not (params.get("DocumentVersion") or params.get("VersionName")):
        for version in versions:
            ctx.unit.delete(VERSIONS, library.version_key(document.name, version.number), **where)
        ctx.unit.delete(DOCUMENTS, document.name, **where)
        return {}
    doomed = (await _find(ctx, params)).version
    if doomed.number == document.default:
        raise ServiceError(
            "InvalidDocumentOperation", "The default version of a document can't be deleted on its own."
        )
    ctx.unit.delete(VERSIONS, library.version_key(document.name, doomed.number), **where)
    latest = max(v.number for v in versions if v.number != doomed.number)
    updated = msgspec.structs.replace(document, latest=latest)
    ctx.unit.put(DOCUMENTS, document.name, updated, **where)
    return {}


def _checked_version(ctx: Ctx, params: Mapping[str, Any], *, number: int) -> StoredVersion:
    """The new version, after everything about its content was checked."""
    form: Format = params.get("DocumentFormat", "JSON")
    text = params["Content"]
    if len(text.encode()) > limits.SSM_DOCUMENT_BYTES:
        raise ServiceError(
            "MaxDocumentSizeExceeded",
            f"The size limit of a document is {limits.SSM_DOCUMENT_BYTES // 1024} KB.",
        )
    if form not in ("JSON", "YAML"):
        raise ServiceError("InvalidDocumentContent", "Automation documents are JSON or YAML, not TEXT.")
    try:
        library.read_runbook(text, form)
    except schema.InvalidSchemaVersion as error:
        raise ServiceError("InvalidDocumentSchemaVersion", str(error)) from error
    except (content.InvalidContent, schema.InvalidRunbook) as error:
        raise ServiceError("InvalidDocumentContent", str(error)) from error
    return StoredVersion(
        document=params["Name"],
        number=number,
        content=text,
        format=form,
        hash=library.hash_of(text),
        created=ctx.now,
        version_name=params.get("VersionName", ""),
        display_name=params.get("DisplayName", ""),
        target_type=params.get("TargetType", ""),
    )


def _put_version(ctx: Ctx, version: StoredVersion) -> None:
    key = library.version_key(version.document, version.number)
    ctx.unit.create(VERSIONS, key, version, account=ctx.account, region=ctx.region)


async def _in_index(ctx: Ctx, index: str, value: str) -> bool:
    return bool(
        await ctx.unit.list(VERSIONS, account=ctx.account, region=ctx.region, index=(index, value), limit=1)
    )


async def _find(ctx: Ctx, params: Mapping[str, Any]) -> Found:
    try:
        return await library.find(
            ctx.unit,
            account=ctx.account,
            region=ctx.region,
            name=params["Name"],
            version=params.get("DocumentVersion", ""),
            version_name=params.get("VersionName", ""),
        )
    except library.NoDocument as error:
        raise _no_document(params["Name"]) from error
    except library.NoVersion as error:
        raise _no_version() from error


async def _own(ctx: Ctx, name: str) -> StoredDocument:
    """A document the account may change."""
    if name in library.amazon_documents():
        raise ServiceError(
            "InvalidDocument", f"Document with name {name} is owned by Amazon and can't be changed."
        )
    document = await ctx.unit.get(DOCUMENTS, name, account=ctx.account, region=ctx.region)
    if document is None:
        raise _no_document(name)
    return document


def _no_document(name: str) -> ServiceError:
    return ServiceError("InvalidDocument", f"Document with name {library.bare_name(name)} does not exist.")


def _no_version() -> ServiceError:
    return ServiceError("InvalidDocumentVersion", "The document version is not valid or does not exist.")


def _description(owner: str, document: StoredDocument, version: StoredVersion) -> dict[str, Any]:
    runbook = library.read_runbook(version.content, version.format)
    return _shown(
        {
            "Hash": version.hash,
            "HashType": "Sha256",
            "Name": document.name,
            "DisplayName": version.display_name,
            "VersionName": version.version_name,
            "Owner": owner,
            "CreatedDate": version.created,
            "Status": "Active",
            "DocumentVersion": str(version.number),
            "Description": runbook.description,
            "Parameters": [_parameter(p) for p in runbook.parameters.values()],
            "PlatformTypes": PLATFORMS,
            "DocumentType": "Automation",
            "SchemaVersion": "0.3",
            "LatestVersion": str(document.latest),
            "DefaultVersion": str(document.default),
            "DocumentFormat": version.format,
            "TargetType": version.target_type,
            "Tags": tags_view(document.tags),
        }
    )


def _parameter(parameter: parameters.Parameter) -> dict[str, Any]:
    """The shape knows two types: one string, or a list of them."""
    shown = {
        "Name": parameter.name,
        "Type": "StringList" if parameter.kind in ("StringList", "MapList") else "String",
        "Description": parameter.description,
    }
    if not parameter.required:
        default = parameter.default
        shown["DefaultValue"] = default if isinstance(default, str) else content.write(default, "JSON")
    return shown


def _identifier(document: StoredDocument, owner: str, version: StoredVersion) -> dict[str, Any]:
    return _shown(
        {
            "Name": document.name,
            "CreatedDate": document.created,
            "DisplayName": version.display_name,
            "Owner": owner,
            "VersionName": version.version_name,
            "PlatformTypes": PLATFORMS,
            "DocumentVersion": str(version.number),
            "DocumentType": "Automation",
            "SchemaVersion": "0.3",
            "DocumentFormat": version.format,
            "TargetType": version.target_type,
            "Tags": tags_view(document.tags),
        }
    )


def _filters(params: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """Both spellings of filters as (key, values)."""
    filters: list[tuple[str, tuple[str, ...]]] = [
        (f["key"], (f["value"],)) for f in params.get("DocumentFilterList") or []
    ]
    filters += [(f.get("Key", ""), tuple(f.get("Values") or ())) for f in params.get("Filters") or []]
    for key, values in filters:
        if key not in _FILTERS and not key.startswith("tag:"):
            raise ServiceError("InvalidFilterKey", f"The specified key {key} is not valid.")
        if not values:
            raise ServiceError("ValidationException", f"The filter {key} needs at least one value.")
        if key == "TargetType":
            raise unbuilt("the ListDocuments filter TargetType")
    return filters


_FILTERS = ("Name", "Owner", "PlatformTypes", "DocumentType", "TargetType", "SearchKeyword")


def _passes(key: str, values: tuple[str, ...], document: StoredDocument, owner: str, account: str) -> bool:
    if key == "Name":  # AWS matches names by their beginning
        return any(document.name.startswith(value) for value in values)
    if key == "SearchKeyword":
        return all(value.lower() in document.name.lower() for value in values)
    if key == "DocumentType":
        return "Automation" in values
    if key == "PlatformTypes":
        return any(value in PLATFORMS for value in values)
    if key == "Owner":
        words = {"All", "Amazon" if owner == library.AMAZON else "Self", owner}
        words |= {"Public"} if owner == library.AMAZON else {"Private", account}
        return any(value in words for value in values)
    return document.tags.get(key.removeprefix("tag:")) in values


def _shown(members: Mapping[str, Any]) -> dict[str, Any]:
    """Without what there is none of."""
    return {name: value for name, value in members.items() if value not in ("", None)}
