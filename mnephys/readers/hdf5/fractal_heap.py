"""The heap in which an HDF5 file keeps the links of large groups, and attributes where there are many."""

from __future__ import annotations

from dataclasses import dataclass, field

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.hdf5.bytes import Fields, Source
from mnephys.readers.hdf5.checksums import lookup3
from mnephys.readers.hdf5.trees import new_tree

__all__ = ["FractalHeap", "open_heap"]

_HEADER_SIZE = 146
_MANAGED, _HUGE, _TINY = 0, 1, 2
_CHECKSUMS = 2
# Signature, version, and address of the header, before the offset of a block.
_BLOCK_PREFIX = 13
_HUGE_RECORDS = 1


@dataclass(slots=True)
class FractalHeap:
    """A heap.

    Parameters
    ----------
    source : Source
        The file.
    address : int
        Of its header.
    id_size, width, start_size, largest, offset_size, length_size : int
        Bytes of an identifier; blocks in a row; bytes of the smallest and the largest block that holds objects; bytes
        of an offset into the heap, and of the length of an object.
    checksums : bool
        Whether the blocks have them.
    root, rows : int
        Address of the first block, and how many rows of blocks it names; with no row it holds objects itself.
    huge : int
        Address of the tree of objects too large for a block.
    """

    source: Source
    address: int
    id_size: int
    width: int
    start_size: int
    largest: int
    offset_size: int
    length_size: int
    checksums: bool
    root: int
    rows: int
    huge: int
    _blocks: dict[int, bytes] = field(init=False, default_factory=dict, repr=False)
    _children: dict[int, tuple[int, ...]] = field(init=False, default_factory=dict, repr=False)
    _large: dict[int, tuple[int, int]] | None = field(init=False, default=None, repr=False)

    def object(self, identifier: bytes) -> bytes:
        """Return an object.

        Parameters
        ----------
        identifier : bytes
            Where it is in the heap.

        Returns
        -------
        bytes
            All of it.

        Raises
        ------
        ReadError
            If the heap is damaged, or holds no such object.
        """
        fields = Fields(identifier, self.source.file.path, "identifier in a heap")
        first = fields.number(1)
        kind = first >> 4 & 3
        if kind == _MANAGED:
            offset, length = fields.number(self.offset_size), fields.number(self.length_size)
            address, begin, size = self._block(offset)
            content = self._content(address, size)[offset - begin : offset - begin + length]
            if len(content) != length:
                raise fields.corrupt("leads to an object that its block has no room for")
            return content
        if kind == _HUGE:
            return self._huge(fields)
        if kind == _TINY:
            extended = self.id_size > 18
            length = ((first & 15) << 8 | fields.number(1) if extended else first & 15) + 1
            return fields.take(length)
        raise fields.corrupt(f"is of kind {kind}")

    def _huge(self, fields: Fields) -> bytes:
        if fields.left >= 16:
            address, length = fields.numbers(2)
            return self.source.bytes(address, length, "large object in a heap")
        wanted = fields.number(min(fields.left, 8))
        if self._large is None:
            self._large = self._read_large()
        if wanted not in self._large:
            raise fields.corrupt("leads to no object")
        return self.source.bytes(*self._large[wanted], "large object in a heap")

    def _read_large(self) -> dict[int, tuple[int, int]]:
        """Return address and length of the objects too large for a block, by their number."""
        found = {}
        for count, size, records in new_tree(self.source, self.huge, _HUGE_RECORDS):
            entries = Fields(records, self.source.file.path, "tree of large objects")
            for _ in range(count if size == 24 else 0):
                address, length, number = entries.numbers(3)
                found[number] = (address, length)
        return found

    def _block(self, offset: int) -> tuple[int, int, int]:
        """Return address, beginning and size of the block that holds an offset."""
        address, begin, rows = self.root, 0, self.rows
        if rows == 0:
            return address, 0, self.start_size
        while True:
            row, at, size = self._place(offset - begin)
            if row >= rows:
                break
            entry = row * self.width + (offset - begin - at) // size
            begin += at + (offset - begin - at) // size * size
            address = self._indirect(address, rows)[entry]
            if size <= self.largest:
                return address, begin, size
            # A block of a later row names blocks in turn, from the smallest on, as many rows as make up its size.
            rows = (size // (self.start_size * self.width)).bit_length()
        raise self.source.corrupt(f"the heap at byte {self.source.base + self.address} has no byte {offset}")

    def _place(self, offset: int) -> tuple[int, int, int]:
        """Return the row in which an offset lies, where the row begins, and the size of its blocks."""
        row_size = self.start_size * self.width
        row = (offset // row_size).bit_length()
        return row, (row_size << row >> 1) if row else 0, self.start_size << max(row - 1, 0)

    def _indirect(self, address: int, rows: int) -> tuple[int, ...]:
        if address not in self._children:
            prefix = _BLOCK_PREFIX + self.offset_size
            block = self.source.checked(address, prefix + rows * self.width * 8 + 4, "block of a heap")
            block.expect(b"FHIB\0")
            block.take(prefix - 5)
            self._children[address] = block.numbers(rows * self.width)
        return self._children[address]

    def _content(self, address: int, size: int) -> bytes:
        """Return a block of objects, whose offsets count from its first byte."""
        if address not in self._blocks:
            fields = self.source.fields(address, size, "block of a heap")
            fields.expect(b"FHDB\0")
            if self.checksums:
                self._check(fields)
            self._blocks[address] = fields.content
        return self._blocks[address]

    def _check(self, fields: Fields) -> None:
        at = _BLOCK_PREFIX + self.offset_size
        content = fields.content
        if lookup3(content[:at] + bytes(4) + content[at + 4 :]) != int.from_bytes(content[at : at + 4], "little"):
            raise fields.corrupt("has another checksum than it was written with")


def open_heap(source: Source, address: int) -> FractalHeap:
    """Read the header of a heap.

    Parameters
    ----------
    source : Source
        The file.
    address : int
        Of the header.

    Returns
    -------
    FractalHeap
        Nothing else of it was read.

    Raises
    ------
    UnsupportedFormatError
        If it is packed.
    ReadError
        If it is damaged.
    """
    fields = source.checked(address, _HEADER_SIZE, "heap")
    fields.expect(b"FRHP\0")
    id_size, filter_size, flags, most = fields.number(2), fields.number(2), fields.number(1), fields.number(4)
    if filter_size:
        problem = "keeps its names or attributes packed, which is not read"
        raise UnsupportedFormatError(source.file.path, problem, "convert it with h5repack")
    _next_huge, huge, *_counts = fields.numbers(12)
    width, start_size, largest, bits = fields.number(2), fields.number(8), fields.number(8), fields.number(2)
    fields.take(2)
    root, rows = fields.number(8), fields.number(2)
    powers = (width, start_size, largest)
    if any(number < 1 or number & (number - 1) for number in powers) or start_size > largest or bits > 64:
        raise fields.corrupt(f"has {width} blocks in a row, of {start_size} to {largest} bytes")
    return FractalHeap(
        source=source,
        address=address,
        id_size=id_size,
        width=width,
        start_size=start_size,
        largest=largest,
        offset_size=-(-bits // 8),
        length_size=min(-(-(largest.bit_length() - 1) // 8), (max(most, 1).bit_length() - 1) // 8 + 1),
        checksums=bool(flags & _CHECKSUMS),
        root=root,
        rows=rows,
        huge=huge,
    )
