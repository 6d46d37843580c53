"""The two checksums of HDF5: one of its structures, one of packed values."""

from __future__ import annotations

import struct

import numpy as np

__all__ = ["fletcher32", "lookup3"]

_MASK = 0xFFFFFFFF
# Sums of so many products of 16 bits, weighted by their place, stay below 2^63.
_BLOCK = 1 << 15


def lookup3(content: bytes) -> int:
    """Return the checksum of a structure: Bob Jenkins's lookup3, which is in the public domain.

    Parameters
    ----------
    content : bytes
        Of any length.

    Returns
    -------
    int
        32 bits.

    Examples
    --------
    >>> hex(lookup3(b"")), hex(lookup3(b"Four score and seven years ago"))
    ('0xdeadbeef', '0x17770551')
    """
    a = b = c = (0xDEADBEEF + len(content)) & _MASK
    if not content:
        return c
    # Zeros at the end change nothing.
    words: tuple[int, ...] = struct.unpack(f"<{-(-len(content) // 12) * 3}I", content + bytes(-len(content) % 12))
    for at in range(0, len(words) - 3, 3):
        a, b, c = a + words[at], b + words[at + 1], (c + words[at + 2]) & _MASK
        a = ((a - c) ^ (c << 4) ^ (c >> 28)) & _MASK
        c += b
        b = ((b - a) ^ (a << 6) ^ (a >> 26)) & _MASK
        a += c
        c = ((c - b) ^ (b << 8) ^ (b >> 24)) & _MASK
        b = (b + a) & _MASK
        a = ((a - c) ^ (c << 16) ^ (c >> 16)) & _MASK
        c = (c + b) & _MASK
        b = ((b - a) ^ (a << 19) ^ (a >> 13)) & _MASK
        a = (a + c) & _MASK
        c = ((c - b) ^ (b << 4) ^ (b >> 28)) & _MASK
        b = (b + a) & _MASK
    a, b, c = (a + words[-3]) & _MASK, (b + words[-2]) & _MASK, (c + words[-1]) & _MASK
    c = ((c ^ b) - ((b << 14) | (b >> 18))) & _MASK
    a = ((a ^ c) - ((c << 11) | (c >> 21))) & _MASK
    b = ((b ^ a) - ((a << 25) | (a >> 7))) & _MASK
    c = ((c ^ b) - ((b << 16) | (b >> 16))) & _MASK
    a = ((a ^ c) - ((c << 4) | (c >> 28))) & _MASK
    b = ((b ^ a) - ((a << 14) | (a >> 18))) & _MASK
    return ((c ^ b) - ((b << 24) | (b >> 8))) & _MASK


def fletcher32(content: bytes) -> int:
    """Return the checksum of packed values: Fletcher's, of 16-bit words, the first byte the higher one.

    Parameters
    ----------
    content : bytes
        Of any length; after an odd one a zero is thought.

    Returns
    -------
    int
        Two sums of 16 bits modulo 65535, the weighted one in the upper half.

    Examples
    --------
    >>> hex(fletcher32(b"abcde"))
    '0x4ff029c7'
    """
    words = np.frombuffer(content + bytes(len(content) % 2), ">u2")
    simple = weighted = 0
    for begin in range(0, words.size, _BLOCK):
        block = words[begin : begin + _BLOCK].astype(np.int64)
        weighted += simple * block.size + int(block @ np.arange(block.size, 0, -1))
        simple = (simple + int(block.sum())) % 65535
    return (weighted % 65535) << 16 | simple
