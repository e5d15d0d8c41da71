"""The keys that sign digests, one at a time for an account and region, and ListPublicKeys."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from triptych.control.collection import Collection
from triptych.estate.vault import open_vault
from triptych.kernel.errors import Defect, ServiceError
from triptych.services.cloudtrail.digest_file import KEY_BITS, fingerprint, public_key
from triptych.services.contract import Ctx, operation

KEY_VALID = timedelta(days=30)
"""How long a key signs (ours; AWS changes its keys about as often)."""


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """:param sealed: the private key in PEM, sealed by the vault. :param public: PKCS#1 DER."""

    fingerprint: str
    public: bytes
    sealed: str
    start: datetime
    end: datetime


KEYS = Collection(name="cloudtrail.signing_keys", type=SigningKey)
"""By fingerprint. Never removed: old digests must stay provable."""


async def signer(ctx: Ctx) -> rsa.RSAPrivateKey:
    """The private key that signs now in this account and region; a new one is staged when there is none."""
    vault = open_vault(ctx.runtime.settings)
    stored = await ctx.unit.list(KEYS, account=ctx.account, region=ctx.region)
    current = [d.value for d in stored if d.value.start <= ctx.now < d.value.end]
    if current:
        newest = max(current, key=lambda key: key.start)
        opened = serialization.load_pem_private_key(vault.open(newest.sealed).encode(), password=None)
        if not isinstance(opened, rsa.RSAPrivateKey):
            raise Defect(f"the signing key {newest.fingerprint} is no RSA key")
        return opened
    # A key pair is the one thing here that cannot come from Ids: it is made by the cryptographic library.
    made = await asyncio.to_thread(rsa.generate_private_key, public_exponent=65537, key_size=KEY_BITS)
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = public_key(made)
    # It is valid a little earlier than now: the digest it signs first ends before it was made.
    key = SigningKey(
        fingerprint=fingerprint(public),
        public=public,
        sealed=vault.seal(pem.decode()),
        start=ctx.now - timedelta(hours=1),
        end=ctx.now + KEY_VALID,
    )
    ctx.unit.create(KEYS, key.fingerprint, key, account=ctx.account, region=ctx.region)
    return made


@operation
async def list_public_keys(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The public keys that were valid at any time of a range, now by default; on one page: a key lives 30 days."""
    if params.get("NextToken"):
        raise ServiceError(
            "InvalidTokenException", "The NextToken is not valid: ListPublicKeys answers on one page."
        )
    start = params.get("StartTime") or params.get("EndTime") or ctx.now
    end = params.get("EndTime") or max(start, ctx.now)
    if start > end:
        raise ServiceError(
            "InvalidTimeRangeException", "The start time must be before or the same as the end time."
        )
    stored = await ctx.unit.list(KEYS, account=ctx.account, region=ctx.region)
    keys = [d.value for d in stored if d.value.start <= end and start <= d.value.end]
    return {
        "PublicKeyList": [
            {
                "Value": key.public,
                "ValidityStartTime": key.start,
                "ValidityEndTime": key.end,
                "Fingerprint": key.fingerprint,
            }
            for key in sorted(keys, key=lambda key: key.start)
        ]
    }
