"""The key messages are signed with and its certificate, self-made once for the installation."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from triptych.control.collection import Collection
from triptych.control.store import Conflict
from triptych.estate.vault import open_vault
from triptych.kernel.errors import Defect
from triptych.services.contract import Ctx, Runtime
from triptych.services.sns.envelope import certificate_url, signed_text

__all__ = ["KEYS", "certificate", "signed"]

_VALID = timedelta(days=3650)
_NAME = "sns.triptych.internal"


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """:param sealed: the private key in PEM, sealed by the vault. :param certificate: PEM."""

    sealed: str
    certificate: str


KEYS = Collection(name="sns.signing_keys", type=Key, scope="global")
_CURRENT = "current"


async def certificate(runtime: Runtime) -> str:
    """The certificate in PEM, made now if nothing was signed yet."""
    return (await _key(runtime)).certificate


async def _key(runtime: Runtime) -> Key:
    """Kept in a unit of its own: whoever asks first makes it, whatever becomes of the work it was for."""
    for _ in range(2):
        unit = runtime.control.unit()
        if (found := await unit.get(KEYS, _CURRENT)) is not None:
            return found
        made = await asyncio.to_thread(_made, runtime)
        unit.create(KEYS, _CURRENT, made)
        try:
            await unit.commit()
        except Conflict:
            continue  # somebody was quicker: theirs it is
        return made
    raise Defect("the signing key of SNS can be neither read nor made")


def _made(runtime: Runtime) -> Key:
    # A key pair cannot come from Ids: it is made by the cryptographic library.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    now = runtime.clock.now()
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Key(
        sealed=open_vault(runtime.settings).seal(pem.decode()),
        certificate=built.public_bytes(serialization.Encoding.PEM).decode(),
    )


async def signed(ctx: Ctx, members: dict[str, Any], version: str) -> dict[str, Any]:
    """The members with SignatureVersion, Signature and SigningCertURL: 1 is RSA with SHA-1, 2 with SHA-256."""
    key = await _key(ctx.runtime)
    pem = open_vault(ctx.runtime.settings).open(key.sealed)
    private = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise Defect("the signing key of SNS is no RSA key")
    # SHA-1 is what signature version 1 is defined to be; subscribers choose.
    digest = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303
    signature = private.sign(signed_text(members), padding.PKCS1v15(), digest)
    return members | {
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": certificate_url(ctx.runtime.settings),
    }
