"""Newer HDF5 structures carry a checksum: here they are written anew, so that damage gets past it.

Where the structures lie is told by the reader itself, while it reads the undamaged file.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from unittest import mock

import h5py
import numpy as np
from fuzz.hdf5_addresses import crossed
from fuzz.mutations import Made, forged_words, single_bits
from fuzz.seed import Case, Range, Seed, overlap

from mnephys.readers.hdf5 import bytes as hdf5_bytes
from mnephys.readers.hdf5 import fractal_heap as hdf5_fractal_heap
from mnephys.readers.hdf5.checksums import lookup3

__all__ = ["as_latest", "checked_parts", "repaired_cases"]


def as_latest(content: bytes) -> bytes:
    """Return the same groups, datasets and attributes in the structures of the newest library."""
    buffer = io.BytesIO()
    with h5py.File(io.BytesIO(content), "r") as old, h5py.File(buffer, "w", libver="latest") as new:
        _copy(old["/"], new["/"])
    return buffer.getvalue()


def _copy(old: h5py.Group, new: h5py.Group) -> None:
    for key, value in old.attrs.items():
        new.attrs[key] = value
    for name, entry in old.items():
        if isinstance(entry, h5py.Group):
            _copy(entry, new.create_group(name))
            continue
        options = {"chunks": entry.chunks, "compression": entry.compression, "maxshape": entry.maxshape}
        # A dataset that can grow has another index of its chunks than one that cannot.
        made = new.create_dataset(name, data=entry[()], dtype=entry.dtype, **(options if entry.chunks else {}))
        for key, value in entry.attrs.items():
            made.attrs[key] = value


def checked_parts(path: Path, read: Callable[[Path], object]) -> list[Range]:
    """Return the structures of a file that a reader compares with the checksum behind them."""
    content, found = path.read_bytes(), set()

    def noted(part: bytes) -> int:
        value = lookup3(part)
        at = content.find(part + value.to_bytes(4, "little"))
        if at >= 0:
            found.add((at, at + len(part)))
        return value

    with mock.patch.object(hdf5_bytes, "lookup3", noted), mock.patch.object(hdf5_fractal_heap, "lookup3", noted):
        read(path)
    return sorted(found)


def repaired_cases(seed: Seed, parts: Sequence[Range], objects: Mapping[int, frozenset[str]]) -> list[Sequence[Case]]:
    """Return single bits, forged words and wrong addresses in these structures, under checksums that fit them."""
    inside = replace(seed, skeleton=parts)
    kinds = (single_bits(seed, parts), forged_words(inside), crossed(seed.content, parts, objects))
    return [_repaired(cases, parts) for cases in kinds]


def _repaired(cases: Sequence[Case], parts: Sequence[Range]) -> Sequence[Case]:
    def made(index: int) -> Case:
        case = cases[index]
        return Case("repaired", f"{case.name}, checksums fit", case.edits, _repairer(parts, case), case.carries)

    return Made(len(cases), made)


def _repairer(parts: Sequence[Range], case: Case) -> Callable[[bytes], bytes]:
    (edit,) = case.edits
    hit = [part for part in parts if overlap([(edit.at, edit.end)], [part])]

    def repaired(content: bytes) -> bytes:
        changed = bytearray(content)
        for begin, end in hit:
            changed[end : end + 4] = np.uint32(lookup3(bytes(changed[begin:end]))).tobytes()
        return bytes(changed)

    return repaired
