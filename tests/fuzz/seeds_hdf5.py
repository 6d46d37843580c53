"""An HDF5 file as a seed: where its values lie, what each of them decides, and the damage that only HDF5 knows."""

from __future__ import annotations

import io
import re
import struct
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from fuzz.hdf5_addresses import crossed, objects_of
from fuzz.hdf5_damage import entries_of, structural
from fuzz.hdf5_repair import as_latest, checked_parts, repaired_cases
from fuzz.looks import looks_at
from fuzz.seed import Field, Range, Seed

__all__ = ["behind_checksums", "hdf5_seed", "latest_seed", "written_bytes"]

_MOST_VALUES = 16
_ROWS = 64
# Length of a text, where its part of the heap lies, and its number there.
_REFERENCE = struct.Struct("<IQI")
_HEAP_HEADER = 16


def written_bytes(write: Callable[[Path], object]) -> bytes:
    """Return what is written to a path."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seed.h5"
        write(path)
        return path.read_bytes()


def hdf5_seed(name: str, content: bytes, carries: Mapping[str, set[str]]) -> Seed:
    """Return a seed; `carries` says what a dataset, a column or an attribute decides, by its own name alone."""

    def carried(entry: str) -> frozenset[str]:
        return frozenset(carries.get(entry.replace("@", "/").replace(":", "/").rsplit("/", 1)[-1], ()))

    fields: list[Field] = []
    payload: list[Range] = []
    with h5py.File(io.BytesIO(content), "r") as file:
        for entry, place in entries_of(file).items():
            fields += _attributes(content, entry, place, carried)
            if isinstance(place, h5py.Dataset):
                own, samples = _values(content, entry, place, carried)
                fields += own
                payload += samples
        objects = objects_of(file, carried)
    payload.sort()
    skeleton = list(_between(payload, len(content)))
    return Seed(
        name,
        content,
        len(content),
        fields,
        payload,
        skeleton=skeleton,
        more=lambda: [structural(content, carried), crossed(content, skeleton, objects)],
        file_name="plate.h5",
    )


def latest_seed(name: str, content: bytes, carries: Mapping[str, set[str]]) -> Seed:
    """Return a file in the newest structures as a seed, which are damaged behind their checksums too."""
    return behind_checksums(hdf5_seed(name, as_latest(content), carries))


def behind_checksums(seed: Seed, read: Callable[[Path], object] = looks_at) -> Seed:
    """Return a seed whose structures are damaged under checksums that fit; `read` tells where these are."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seed.h5"
        path.write_bytes(seed.content)
        parts = checked_parts(path, read)
    with h5py.File(io.BytesIO(seed.content), "r") as file:
        objects = objects_of(file, lambda _: frozenset())
    return replace(seed, more=lambda: repaired_cases(seed, parts, objects))


def _between(ranges: list[Range], size: int) -> Iterator[Range]:
    position = 0
    for begin, end in ranges:
        if begin > position:
            yield position, begin
        position = max(position, end)
    if position < size:
        yield position, size


def _values(
    content: bytes, name: str, dataset: h5py.Dataset, carried: Callable[[str], frozenset[str]]
) -> tuple[list[Field], list[Range]]:
    """Return the values of a dataset that are fields, and those that are samples."""
    dtype, low = dataset.dtype, dataset.id
    offset = low.get_offset()
    if not dataset.size or (offset is None and dataset.chunks is None):
        return [], []
    if offset is None:
        chunks = [low.get_chunk_info(number) for number in range(low.get_num_chunks())]
        return [], [(chunk.byte_offset, chunk.byte_offset + chunk.size) for chunk in chunks]
    stored, size = low.get_type(), low.get_type().get_size()
    own = list(_address(content, name, offset, low.get_storage_size(), carried))
    if dtype.names is not None:
        return [*own, *_columns(content, name, dataset, offset, stored, carried)], []
    if dtype.kind == "O":
        return [*own, *(_json_numbers(content, offset, name, carried) if h5py.check_string_dtype(dtype) else ())], []
    if dataset.size > _MOST_VALUES:
        whole = Field(offset, size * dataset.size, name, "samples", carried(name))
        return [*own, whole], [(whole.at, whole.end)] if dtype.kind in "iuf" else []
    kind = {"f": "float", "S": "text"}.get(dtype.kind, "int")
    places = [offset + size * number for number in range(dataset.size)]
    return [*own, *(Field(at, size, f"{name}[{i}]", kind, carried(name)) for i, at in enumerate(places))], []


def _address(
    content: bytes, name: str, offset: int, size: int, carried: Callable[[str], frozenset[str]]
) -> Iterator[Field]:
    """Yield where it stands where the values of a dataset are: other bytes are as good as they."""
    at = content.find(struct.pack("<QQ", offset, size))
    if at >= 0:
        yield Field(at, 8, f"address of {name}", "int", carried(name))


def _columns(
    content: bytes,
    name: str,
    dataset: h5py.Dataset,
    offset: int,
    stored: Any,
    carried: Callable[[str], frozenset[str]],
) -> Iterator[Field]:
    members = []
    for number in range(stored.get_nmembers()):
        kind = stored.get_member_type(number)
        # In memory such a text is a pointer; in the file it is a reference to the heap.
        ragged = kind.get_class() == h5py.h5t.STRING and kind.is_variable_str()
        members.append(
            (stored.get_member_name(number).decode(), _REFERENCE.size if ragged else kind.get_size(), ragged)
        )
    width = sum(size for _, size, _ in members)
    if width * dataset.size != dataset.id.get_storage_size():
        return
    for row in range(min(dataset.size, _ROWS)):
        at = offset + row * width
        for column, size, ragged in members:
            entry = f"{name}:{column}"
            if ragged:
                yield from _heap_text(content, at, f"{entry}[{row}]", carried(entry))
            kind = "float" if dataset.dtype[column].kind == "f" else "int"
            for part in range(0, size, 8):
                yield Field(at + part, min(8, size - part), f"{entry}[{row}]", kind, carried(entry))
            at += size


def _heap_text(content: bytes, at: int, name: str, carries: frozenset[str]) -> Iterator[Field]:
    """Yield a text of variable length, which lies elsewhere: behind the number of its place in a part of the heap."""
    length, heap, wanted = _REFERENCE.unpack_from(content, at)
    position = heap + _HEAP_HEADER
    while length and content[heap : heap + 4] == b"GCOL":
        index, size = struct.unpack_from("<H6xQ", content, position)
        if index in {0, wanted}:
            if index:
                yield Field(position + 16, length, name, "text", carries)
            return
        position += 16 + (size + 7) // 8 * 8


def _json_numbers(content: bytes, at: int, name: str, carried: Callable[[str], frozenset[str]]) -> Iterator[Field]:
    for text in _heap_text(content, at, name, frozenset()):
        yield text
        for match in re.finditer(rb'"(\w+)": (-?[\d.eE+-]+)', content[text.at : text.end]):
            key = match[1].decode()
            where = text.at + match.start(2)
            yield Field(where, len(match[2]), f"{name}@{key}", "digits", carried(f"{name}@{key}"))


def _attributes(
    content: bytes, name: str, place: h5py.Group | h5py.Dataset, carried: Callable[[str], frozenset[str]]
) -> Iterator[Field]:
    """Yield the attributes that are found in the file: the value shortly behind the name."""
    for key in place.attrs:
        raw = np.asarray(place.attrs[key])
        # An empty text, or a number of one byte, is found anywhere.
        if raw.dtype.kind not in "iufS" or not 1 < raw.nbytes <= 64 or not raw.tobytes().strip(b"\0"):
            continue
        kind = {"f": "float", "S": "text"}.get(raw.dtype.kind, "int")
        at = -1
        while (at := content.find(key.encode() + b"\0", at + 1)) >= 0:
            where = content.find(raw.tobytes(), at + len(key), at + len(key) + 120)
            if where >= 0:
                yield Field(where, raw.nbytes, f"{name}@{key}", kind, carried(f"{name}@{key}"))
