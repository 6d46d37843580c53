"""Damage that only HDF5 files know: links that lead out, shapes that claim terabytes, other types, lost entries.

Each entry of a file is changed in all these ways, one at a time, by the library itself: what comes of it is a valid
file that is not what it claims to be.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
from fuzz.hdf5_values import NOTHING, TRAP, Carries, Change, Changes, numbers, of_dataset
from fuzz.mutations import HOSTILE
from fuzz.seed import Case

__all__ = ["entries_of", "structural"]

_TRAPS = (TRAP, f"/proc/self/cwd/{TRAP}")


def structural(content: bytes, carries: Carries) -> list[Case]:
    """Return all changes of the entries of a file; `carries` says what an entry, a column or an attribute decides."""
    with h5py.File(io.BytesIO(content), "r") as file:
        entries = entries_of(file)
        found = []
        for name, entry in entries.items():
            found += [
                Case(kind, f"{name} {what}", build=_build(change), carries=carried)
                for kind, what, change, carried in _changes(name, entry, carries)
            ]
            found += [
                Case(kind, f"{name}@{key} {what}", build=_build(change), carries=carried)
                for key in entry.attrs
                for kind, what, change, carried in _of_attribute(name, key, entry, carries)
            ]
    return found


def entries_of(file: h5py.File) -> dict[str, h5py.Group | h5py.Dataset]:
    """Return all groups and datasets by one name each; the root has an empty one."""
    found: dict[str, h5py.Group | h5py.Dataset] = {"": file["/"]}
    seen = {h5py.h5o.get_info(file["/"].id).addr}

    def visit(group: h5py.Group, prefix: str) -> None:
        for key in group:
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                continue
            entry = group[key]
            address = h5py.h5o.get_info(entry.id).addr
            if address in seen or not isinstance(entry, h5py.Group | h5py.Dataset):
                continue
            seen.add(address)
            found[prefix + key] = entry
            if isinstance(entry, h5py.Group):
                visit(entry, f"{prefix}{key}/")

    visit(file["/"], "")
    return found


def _build(change: Change) -> Callable[[bytes], bytes]:
    def build(content: bytes) -> bytes:
        buffer = io.BytesIO(content)
        with h5py.File(buffer, "r+") as file:
            change(file)
        return buffer.getvalue()

    return build


def _changes(name: str, entry: h5py.Group | h5py.Dataset, carries: Carries) -> Changes:
    """Yield kind, words, change, and what the change alone decides."""
    if name:
        yield "gone", "gone", lambda file: file.__delitem__(name), NOTHING
        for said, link in _links(name).items():
            yield "link", said, _put(name, link), NOTHING
        for odd in ("..", "a\nb", "\x1b[2J", "a" * 300, "Stream_99999999999999999999"):
            yield "gone", f"renamed {odd[:30]!r}", _renamed(name, odd), NOTHING
    if isinstance(entry, h5py.Dataset):
        yield from of_dataset(name, entry, carries)
    else:
        yield from _of_group(name)


def _links(name: str) -> dict[str, Any]:
    return {
        "a link to itself": h5py.SoftLink(f"/{name}"),
        "a link to nothing": h5py.SoftLink("/../../../etc/passwd"),
        "a link to the root": h5py.SoftLink("/"),
        **{f"a link to {trap}": h5py.ExternalLink(trap, "/x") for trap in _TRAPS},
    }


def _put(name: str, value: Any) -> Change:
    def change(file: h5py.File) -> None:
        del file[name]
        file[name] = value

    return change


def _renamed(name: str, last: str) -> Change:
    def change(file: h5py.File) -> None:
        file.move(name, "/".join([*name.split("/")[:-1], last]))

    return change


def _of_group(name: str) -> Changes:
    def loop(file: h5py.File) -> None:
        file[f"{name}/loop" if name else "loop"] = file["/"]

    def crowd(file: h5py.File) -> None:
        for number in range(300):
            file.create_group(f"{name}/{number:04d}" if name else f"{number:04d}")

    def odd(file: h5py.File) -> None:
        for text in ("..", "a\nb", "\x1b[2J", "a" * 5000, "Recording_-1", "well999", "rec9999", "Well_ZZ99"):
            file.create_group(f"{name}/{text}" if name else text)

    def dataset(file: h5py.File) -> None:
        del file[name]
        file[name] = 1.0

    yield "more", "with a way back to the root", loop, NOTHING
    yield "more", "with 300 more groups", crowd, NOTHING
    yield "more", "with groups of odd names", odd, NOTHING
    if name:
        yield "type", "a number", dataset, NOTHING


def _of_attribute(name: str, key: str, entry: h5py.Group | h5py.Dataset, carries: Carries) -> Changes:
    value = entry.attrs[key]
    place = name or "/"

    def put(other: Any) -> Change:
        def change(file: h5py.File) -> None:
            del file[place].attrs[key]
            file[place].attrs[key] = other

        return change

    yield "gone", "gone", lambda file: file[place].attrs.__delitem__(key), NOTHING
    others = {
        "a record": np.zeros(1, [("a", "f8")]),
        "null": h5py.Empty("f8"),
        "4000 numbers": np.zeros(4000),
        "truth": True,
    }
    for said, other in others.items():
        yield "type", said, put(other), NOTHING
    if isinstance(value, np.number) or (isinstance(value, np.ndarray) and value.dtype.kind in "iuf"):
        kind = np.asarray(value).dtype
        for number in numbers(kind):
            yield "value", f"= {number}", put(np.full(np.shape(value), number, kind)[()]), carries(f"{name}@{key}")
        yield "type", "text", put("1"), NOTHING
    else:
        yield "type", "number", put(1.0), NOTHING
    for text in HOSTILE:
        yield "type", f"= {text[:20]!r}", put(np.bytes_(text.replace(b"\0", b"") or b" ")), NOTHING
