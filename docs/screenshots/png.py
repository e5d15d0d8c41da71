"""Smaller PNGs of screens: a palette of the colours that matter, and zlib at its best. Numpy alone, which the lake brings."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["smaller"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256


def smaller(png: bytes) -> bytes:
    """The same picture with 256 colours: the most frequent ones; every other pixel gets the nearest of them."""
    pixels = _pixels(png)
    height, width, _ = pixels.shape
    packed = (pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)).ravel()
    values, where, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colours = np.stack([values >> 16, values >> 8 & 255, values & 255], axis=1).astype(np.int32)
    chosen = _palette(colours, counts)
    nearest = np.concatenate(
        [
            ((part[:, None, :] - chosen[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
            for part in np.array_split(colours, max(1, len(colours) // 2000))
        ]
    )
    rows = nearest[where].astype(np.uint8).reshape(height, width)
    raw = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    return (
        SIGNATURE
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + _chunk(b"PLTE", chosen.astype(np.uint8).tobytes())
        + _chunk(b"IDAT", zlib.compress(raw, 9))
        + _chunk(b"IEND", b"")
    )


def _palette(colours: NDArray[np.int32], counts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Frequent colours first; one that is nearly the same as a taken one leaves its place to another."""
    taken: list[NDArray[np.int32]] = []
    for colour in colours[np.argsort(-counts, kind="stable")]:
        if len(taken) == COLOURS:
            break
        if not taken or np.abs(np.array(taken) - colour).sum(axis=1).min() > 5:
            taken.append(colour)
    return np.array(taken)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _pixels(png: bytes) -> NDArray[np.uint8]:
    """(height, width, 3) of a screenshot: 8 bits, RGB or RGBA, not interlaced (PNG specification, 4.1 and 6)."""
    assert png.startswith(SIGNATURE)
    at, data, head = len(SIGNATURE), b"", b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        head = body if kind == b"IHDR" else head
        data += body if kind == b"IDAT" else b""
        at += length + 12
    width, height, depth, kind_of_colour, _, _, interlaced = struct.unpack(">IIBBBBB", head)
    assert depth == 8 and kind_of_colour in (2, 6) and not interlaced
    size = 3 if kind_of_colour == 2 else 4
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, width * size + 1)
    above = np.zeros(width * size, np.uint8)
    out = np.empty((height, width * size), np.uint8)
    for y, (filtered, line) in enumerate(zip(rows[:, 0], rows[:, 1:], strict=True)):
        above = out[y] = _unfilter(int(filtered), line, above, size)
    return out.reshape(height, width, size)[:, :, :3]


def _unfilter(kind: int, line: NDArray[np.uint8], above: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    if kind == 0:
        return line
    if kind == 1:
        return line.reshape(-1, size).cumsum(axis=0, dtype=np.uint8).reshape(-1)
    if kind == 2:
        return line + above
    out = bytearray(line.tobytes())
    up = above.tobytes()
    for x in range(len(out)):
        left = out[x - size] if x >= size else 0
        corner = up[x - size] if x >= size else 0
        if kind == 3:
            guess = (left + up[x]) // 2
        else:
            towards = left + up[x] - corner
            guess = min((left, up[x], corner), key=lambda near: abs(towards - near))
        out[x] = (out[x] + guess) & 255
    return np.frombuffer(bytes(out), np.uint8)
