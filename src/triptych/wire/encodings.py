"""Content encodings of request bodies: gzip and identity, the output bounded.

aws-chunked is framing that the signature covers and belongs to ``sigv4``.
"""

from __future__ import annotations

import zlib

from triptych.kernel.errors import ServiceError

__all__ = ["decode_content"]


def decode_content(body: bytes, encoding: str, *, limit: int) -> bytes:
    """The body without its content encodings (the header's value, applied from last to first).

    :param limit: the most bytes a body may grow to.
    :raises ServiceError: RequestEntityTooLargeException (413), UnsupportedMediaTypeException (415), or
        SerializationException for damaged data.
    """
    for name in reversed([part.strip().lower() for part in encoding.split(",")]):
        match name:
            case "" | "identity" | "aws-chunked":
                continue
            case "gzip" | "x-gzip":
                body = _gunzip(body, limit)
            case _:
                raise ServiceError(
                    "UnsupportedMediaTypeException", f"Unsupported Content-Encoding: {name}", status=415
                )
    return body


def _gunzip(body: bytes, limit: int) -> bytes:
    """Every member of a gzip file; never holds more than ``limit`` bytes of output."""
    plain = bytearray()
    try:
        while body:
            member = zlib.decompressobj(wbits=31)
            plain += member.decompress(body, limit + 1 - len(plain))
            if len(plain) > limit:
                raise ServiceError(
                    "RequestEntityTooLargeException", f"The body is larger than {limit} bytes.", status=413
                )
            if not member.eof:
                raise ServiceError("SerializationException", "The gzip body is truncated.")
            body = member.unused_data
    except zlib.error as error:
        raise ServiceError("SerializationException", f"The gzip body is damaged: {error}") from error
    return bytes(plain)
