"""Addresses in an HDF5 file turned to other structures of it: ways in circles, and to what is of another kind."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping, Sequence

import h5py
import numpy as np
from fuzz.hdf5_damage import entries_of
from fuzz.mutations import Made
from fuzz.seed import Case, Edit, Range

__all__ = ["crossed", "objects_of"]

_SIGNATURES = re.compile(
    rb"TREE|SNOD|HEAP|GCOL|OHDR|OCHK|FRHP|FHDB|FHIB|FSHD|BTHD|BTIN|BTLF|FAHD|FADB|EAHD|EAIB|EASB|EADB"
)
_ADDRESS = struct.Struct("<Q")
_SWAPPED = frozenset({"values", "spikes", "electrodes"})


def objects_of(file: h5py.File, carried: Callable[[str], frozenset[str]]) -> dict[int, frozenset[str]]:
    """Return what is decided by which group or dataset a name leads to, by address; a whole group may be any other."""
    return {
        h5py.h5o.get_info(place.id).addr: _SWAPPED
        | (carried(name) if isinstance(place, h5py.Dataset) else {"kind", "channels", "length", "duration"})
        for name, place in entries_of(file).items()
    }


def crossed(content: bytes, places: Sequence[Range], objects: Mapping[int, frozenset[str]]) -> Sequence[Case]:
    """Return every address in a file turned to every other structure: ways in circles, and to the wrong kind.

    `objects` says what the group or dataset at an address carries. A name that leads to another object, or an object
    to the samples or entries of another, is as good as the true one; other structures are not.
    """

    def carried(old: int, target: int) -> frozenset[str]:
        trees = content[old : old + 5] == content[target : target + 5] in {b"TREE\0", b"TREE\1"}
        if old in objects and target in objects:
            return objects[old]
        return _SWAPPED if trees else frozenset()

    targets = {match.start() for match in _SIGNATURES.finditer(content)}
    words = [_ADDRESS.unpack_from(content, at)[0] for begin, end in places for at in range(begin, end - 7, 8)]
    # Older object headers have no signature, only a version and a zero.
    targets |= {word for word in words if 0 < word < len(content) - 8 and content[word : word + 2] == b"\1\0"}
    found = sorted(targets)
    pointers = [at for begin, end in places for at in _addresses(content, begin, end, found)]

    def made(index: int) -> Case:
        at, target = pointers[index // len(found)], found[index % len(found)]
        carries = carried(_ADDRESS.unpack_from(content, at)[0], target)
        return Case("address", f"address at {at} = {target}", (Edit(at, 8, _ADDRESS.pack(target)),), carries=carries)

    return Made(len(pointers) * len(found), made)


def _addresses(content: bytes, begin: int, end: int, targets: Sequence[int]) -> list[int]:
    """Return where one of some addresses stands, at any byte."""
    found: list[int] = []
    for shift in range(8):
        count = (end - begin - shift) // 8
        if count > 0:
            words = np.frombuffer(content, "<u8", count, begin + shift)
            found += (np.flatnonzero(np.isin(words, targets)) * 8 + begin + shift).tolist()
    return sorted(found)
