"""Where documents are kept and found: an account's own in the control store, AWS's runbooks in ``runbooks/``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib import resources

import msgspec

from triptych.control.collection import Collection
from triptych.control.store import Unit
from triptych.kernel.catalog import discover
from triptych.services.ssm import actions, content, schema
from triptych.services.ssm.action import Action
from triptych.services.ssm.content import Format

__all__ = [
    "ACTIONS", "AMAZON", "DOCUMENTS", "VERSIONS", "Found", "NoDocument", "NoVersion", "StoredDocument", "StoredVersion",
    "amazon_documents", "bare_name", "cases_of", "find", "hash_of", "read_runbook", "version_key", "versions_of",
]  # fmt: skip

ACTIONS: Mapping[str, Action] = {action.name: action for action in discover(actions, "ACTION", Action)}

AMAZON = "Amazon"
_PUBLISHED = datetime(2026, 1, 1, tzinfo=UTC)
"""When AWS's runbooks were "created"; they come with the program, not with a day."""


class StoredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document without its content.

    :param default: number of the default version; ``latest``: of the newest that exists.
    :param issued: the highest number ever given; numbers are not used again.
    """

    name: str
    created: datetime
    default: int = 1
    latest: int = 1
    issued: int = 1
    tags: dict[str, str] = {}


class StoredVersion(msgspec.Struct, frozen=True, kw_only=True):
    document: str
    number: int
    content: str
    format: Format
    hash: str
    created: datetime
    version_name: str = ""
    display_name: str = ""
    target_type: str = ""


DOCUMENTS = Collection(name="ssm.documents", type=StoredDocument)
VERSIONS = Collection(
    name="ssm.document_versions",
    type=StoredVersion,
    indexes={
        "hash": lambda v: f"{v.document}/{v.hash}",
        "version_name": lambda v: f"{v.document}/{v.version_name}" if v.version_name else None,
    },
)


class NoDocument(LookupError):  # noqa: N818
    """No document of that name."""


class NoVersion(LookupError):  # noqa: N818
    """The document has no such version."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    owner: str
    document: StoredDocument
    version: StoredVersion


async def find(
    unit: Unit, *, account: str, region: str, name: str, version: str = "", version_name: str = ""
) -> Found:
    """A document's version (``$DEFAULT`` unless given: a number, ``$LATEST``, or a version's name).

    Raises NoDocument or NoVersion.
    """
    name = bare_name(name)
    if name in amazon_documents():
        document, only = amazon_documents()[name]
        if version not in ("", "$DEFAULT", "$LATEST", "1") or version_name:
            raise NoVersion(name)
        return Found(owner=AMAZON, document=document, version=only)
    own = await unit.get(DOCUMENTS, name, account=account, region=region)
    if own is None:
        raise NoDocument(name)
    number = _number(own, version)
    if version_name:
        named = await unit.list(
            VERSIONS,
            account=account,
            region=region,
            index=("version_name", f"{name}/{version_name}"),
            limit=1,
        )
        if not named or (version and named[0].value.number != number):
            raise NoVersion(name)
        number = named[0].value.number
    stored = await unit.get(VERSIONS, version_key(name, number), account=account, region=region)
    if stored is None:
        raise NoVersion(name)
    return Found(owner=account, document=own, version=stored)


async def versions_of(unit: Unit, *, account: str, region: str, name: str) -> list[StoredVersion]:
    """Every version of an own document, oldest first."""
    found = await unit.list(VERSIONS, account=account, region=region, prefix=f"{name}/")
    return [document.value for document in found]


def bare_name(name: str) -> str:
    """The name of a document that may be given as an ARN (``arn:aws:ssm:region:account:document/Name``)."""
    return name.rpartition(":document/")[2] if name.startswith("arn:") else name


def version_key(name: str, number: int) -> str:
    return f"{name}/{number:06d}"


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=256)
def read_runbook(text: str, form: Format) -> schema.Runbook:
    """A document's text as a runbook; raises content.InvalidContent or what ``schema.parse`` raises."""
    return schema.parse(content.read(text, form), ACTIONS)


@cache
def amazon_documents() -> Mapping[str, tuple[StoredDocument, StoredVersion]]:
    """AWS's runbooks, by name."""
    found = {}
    for name, (text, _) in _files().items():
        version = StoredVersion(
            document=name, number=1, content=text, format="YAML", hash=hash_of(text), created=_PUBLISHED
        )
        found[name] = (StoredDocument(name=name, created=_PUBLISHED), version)
    return found


def cases_of(name: str) -> str:
    """The YAML text of the cases that AWS's runbook carries."""
    return _files()[name][1]


@cache
def _files() -> Mapping[str, tuple[str, str]]:
    """Name -> (the document, its cases); a file holds both, ``---`` between them."""
    folder = resources.files(f"{__package__}.runbooks")
    found = {}
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            document, separator, cases = file.read_text(encoding="utf-8").partition("\n---\n")
            if not separator:
                raise TypeError(f"{file.name} carries no cases")
            found[file.name.removesuffix(".yaml")] = (f"{document}\n", cases)
    return found


def _number(document: StoredDocument, version: str) -> int:
    if version in ("", "$DEFAULT"):
        return document.default
    return document.latest if version == "$LATEST" else int(version)
