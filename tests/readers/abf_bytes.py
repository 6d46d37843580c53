"""Edit the bytes of ABF files."""

from __future__ import annotations

import struct

Edit = tuple[int, str, object]

SMALL_ABF1_SWEEPS, SMALL_ABF1_SAMPLES = 2, 1000


def pack(raw: bytes, *edits: Edit) -> bytes:
    """Return bytes with values packed into them: offset, struct format, value or values."""
    changed = bytearray(raw)
    for offset, kind, value in edits:
        values = value if isinstance(value, tuple) else (value,)
        struct.pack_into(f"<{kind}", changed, offset, *values)
    return bytes(changed)


def section(raw: bytes, place: int) -> tuple[int, int, int]:
    """Return offset, entry size and number of entries of an ABF2 section."""
    block, size, count = struct.unpack_from("<IIq", raw, 76 + 16 * place)
    return block * 512, size, count


def small_abf1(raw: bytes) -> bytes:
    """Cut a real two-channel ABF1 file down to two sweeps of 1000 samples, consistently."""
    n_sweeps, points = SMALL_ABF1_SWEEPS, SMALL_ABF1_SAMPLES * 2
    start = struct.unpack_from("<i", raw, 40)[0] * 512
    full = struct.unpack_from("<i", raw, 138)[0]
    samples = b"".join(raw[start + 2 * full * s : start + 2 * (full * s + points)] for s in range(n_sweeps))
    samples = samples.ljust(-(-len(samples) // 512) * 512, b"\0")
    table = struct.pack("<4i", 0, points, 5_000_000, points).ljust(512, b"\0")
    head = pack(
        raw[:start],
        (10, "i", n_sweeps * points),
        (16, "i", n_sweeps),
        (92, "i", (start + len(samples)) // 512),
        (96, "i", n_sweeps),
        (138, "i", points),
        (146, "i", n_sweeps),
    )
    return head + samples + table
