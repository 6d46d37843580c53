"""The attributes of groups and datasets in an HDF5 file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mnephys.readers.hdf5.bytes import UNDEFINED, Fields, Source
from mnephys.readers.hdf5.fractal_heap import open_heap
from mnephys.readers.hdf5.groups import decoded_name
from mnephys.readers.hdf5.headers import Header, Kind, shared_content
from mnephys.readers.hdf5.heap import REFERENCE, TextHeap, decoded
from mnephys.readers.hdf5.spaces import read_space
from mnephys.readers.hdf5.trees import new_tree
from mnephys.readers.hdf5.types import Sort, read_type

__all__ = ["Attributes"]

_PLACE = "attribute"
_NAMES_OF_ATTRIBUTES = 8
# After its identifier in the heap, a record says how it is stored, and in which order it came.
_RECORD_TAIL = 9
_SHARED_TYPE, _SHARED_SPACE = 1, 2
_ORDER = 1


@dataclass(slots=True)
class Attributes:
    """All attributes of a file, those of a group or a dataset read once, when they are asked for.

    Parameters
    ----------
    heap : TextHeap
        Of the file.
    """

    heap: TextHeap
    _stored: dict[int, tuple[bytes, ...]] = field(init=False, default_factory=dict, repr=False)

    def of(self, header: Header) -> dict[str, Any]:
        """Return the attributes of a group or a dataset.

        Parameters
        ----------
        header : Header
            Of the group or the dataset.

        Returns
        -------
        dict of str to int, float, bool, str, ndarray or list of str
            Those of a type that is not read are missing.

        Raises
        ------
        ReadError
            If they are damaged.
        """
        source = self.heap.source
        if header.address not in self._stored:
            self._stored[header.address] = tuple(_contents(source, header))
        found: dict[str, Any] = {}
        for content in self._stored[header.address]:
            name, value = _attribute(self.heap, Fields(content, source.file.path, _PLACE))
            if name in found:
                raise source.corrupt(f"attribute {name} is there twice")
            found[name] = value
        return {name: value for name, value in found.items() if value is not None}


def _contents(source: Source, header: Header) -> Iterator[bytes]:
    for message in header.messages:
        if message.kind == Kind.ATTRIBUTE:
            content = message.content
            yield shared_content(source, content, Kind.ATTRIBUTE) if message.shared else content
        elif message.kind == Kind.ATTRIBUTE_INFO:
            yield from _many(source, Fields(message.content, source.file.path, "list of attributes"))


def _many(source: Source, fields: Fields) -> Iterator[bytes]:
    fields.expect(0)
    fields.take(2 if fields.number(1) & _ORDER else 0)
    heap_address, tree = fields.numbers(2)
    if heap_address == UNDEFINED:
        return
    heap = open_heap(source, heap_address)
    for count, size, records in new_tree(source, tree, _NAMES_OF_ATTRIBUTES):
        for at in range(0, count * size, size):
            yield heap.object(records[at : at + size - _RECORD_TAIL])


def _attribute(heap: TextHeap, fields: Fields) -> tuple[str, Any]:
    version, flags = fields.numbers(2, 1)
    if not 1 <= version <= 3:
        raise fields.corrupt(f"has version {version}")
    sizes = fields.numbers(3, 2)
    fields.take(1 if version == 3 else 0)
    name, kind, space = (fields.take(-(-size // 8) * 8 if version == 1 else size)[:size] for size in sizes)
    # The first version has no flags there.
    flags = flags if version > 1 else 0
    if flags & _SHARED_TYPE:
        kind = shared_content(heap.source, kind, Kind.TYPE)
    if flags & _SHARED_SPACE:
        space = shared_content(heap.source, space, Kind.SPACE)
    text = decoded_name(name.split(b"\0", 1)[0])
    fields.place = f"attribute {text}"
    return text, _value(heap, fields, kind, space)


def _value(heap: TextHeap, fields: Fields, kind: bytes, space: bytes) -> Any:
    stored = read_type(Fields(kind, fields.path, fields.place))
    extent = read_space(Fields(space, fields.path, fields.place))
    if extent is None or stored.sort in {Sort.TABLE, Sort.OTHER}:
        return None
    shape = extent.shape
    count = math.prod(shape)
    if count * stored.size > fields.left:
        raise fields.corrupt(f"claims {count} values of {stored.size} bytes, but holds {fields.left} bytes of them")
    content = fields.take(count * stored.size)
    if stored.sort in {Sort.TEXT, Sort.VARIABLE_TEXT}:
        if stored.sort is Sort.TEXT:
            raw = [content[at : at + stored.size] for at in range(0, len(content), stored.size)]
        else:
            raw = heap.texts(np.frombuffer(content, REFERENCE, count), fields.place)
        texts = [decoded(one) for one in raw]
        return texts if shape else texts[0]
    values = np.frombuffer(content, stored.dtype, count).reshape(shape).copy()
    if stored.sort is Sort.BOOLEAN:
        values = values.astype(bool)
    return values if shape else values.item()
