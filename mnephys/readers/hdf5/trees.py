"""The two kinds of trees in which an HDF5 file keeps what there may be many of: names, attributes, chunks."""

from __future__ import annotations

from collections.abc import Iterator

from mnephys.readers.hdf5.bytes import UNDEFINED, Fields, Source

__all__ = ["new_tree", "old_tree"]

_DEEPEST = 32
_OLD_HEADER, _NEW_HEADER = 24, 38
# Signature, version and kind before the records of a node, a checksum after them.
_NODE_OVERHEAD = 10


def old_tree(source: Source, address: int, kind: int, key_size: int) -> Iterator[tuple[int, bytes]]:
    """Walk through a tree of version 1.

    Parameters
    ----------
    source : Source
        The file.
    address : int
        Of the root; there may be none.
    kind : int
        0 for the names of a group, 1 for the chunks of a dataset.
    key_size : int
        Bytes of a key.

    Yields
    ------
    count : int
        Entries of a leaf.
    entries : bytes
        Key and address of each entry, one after another.

    Raises
    ------
    ReadError
        If it is damaged.
    """
    if address == UNDEFINED:
        return
    size = key_size + 8
    seen: set[int] = set()
    waiting = [(address, -1)]
    while waiting:
        address, level = waiting.pop()
        header = _once(source, address, _OLD_HEADER, seen)
        header.expect(b"TREE")
        header.expect(kind)
        found, count = header.number(1), header.number(2)
        if found > _DEEPEST or (level >= 0 and found != level):
            raise header.corrupt(f"is on level {found}")
        node = source.fields(address + _OLD_HEADER, count * size, "tree node")
        if found == 0:
            yield count, node.content
            continue
        children = []
        for _ in range(count):
            node.take(key_size)
            children.append((node.number(8), found - 1))
        waiting.extend(reversed(children))


def new_tree(source: Source, address: int, kind: int) -> Iterator[tuple[int, int, bytes]]:
    """Walk through a tree of version 2.

    Parameters
    ----------
    source : Source
        The file.
    address : int
        Of its header; there may be none.
    kind : int
        What its records are.

    Yields
    ------
    count : int
        Records of a node, in no order of nodes.
    size : int
        Bytes of one.
    records : bytes
        One after another.

    Raises
    ------
    ReadError
        If it is damaged.
    """
    if address == UNDEFINED:
        return
    header = source.checked(address, _NEW_HEADER, "tree")
    header.expect(b"BTHD\0")
    header.expect(kind)
    node_size, record_size, depth = header.number(4), header.number(2), header.number(2)
    header.take(2)
    root, n_root = header.number(8), header.number(2)
    if depth > _DEEPEST or record_size == 0 or node_size < _NODE_OVERHEAD + record_size:
        raise header.corrupt(f"has {depth} levels, nodes of {node_size} and records of {record_size} bytes")
    pointers = _pointer_sizes(node_size, record_size, depth)
    seen: set[int] = set()
    waiting = [(root, n_root, depth)] if root != UNDEFINED and n_root else []
    while waiting:
        address, count, level = waiting.pop()
        width, total = pointers[level]
        used = 6 + count * record_size + (count + 1) * (8 + width + total if level else 0)
        if used + 4 > node_size:
            raise header.corrupt(f"has a node with {count} records, for which there is no room")
        if address in seen:
            raise header.corrupt("leads to the same node twice")
        seen.add(address)
        node = source.checked(address, used + 4, "tree node")
        node.expect(b"BTIN\0" if level else b"BTLF\0")
        node.expect(kind)
        yield count, record_size, node.take(count * record_size)
        for _ in range(count + 1 if level else 0):
            waiting.append((node.number(8), node.number(width), level - 1))
            node.take(total)


def _once(source: Source, address: int, size: int, seen: set[int]) -> Fields:
    if address in seen:
        raise source.corrupt(f"the tree node at byte {source.base + address} belongs to itself")
    seen.add(address)
    return source.fields(address, size, "tree node")


def _pointer_sizes(node_size: int, record_size: int, depth: int) -> list[tuple[int, int]]:
    """Return how many bytes the number of records of a child takes, and that of all below it, by level."""
    most = (node_size - _NODE_OVERHEAD) // record_size
    width = _bytes_for(most)
    sizes, below = [(0, 0)], most
    for level in range(1, depth + 1):
        total = _bytes_for(below) if level > 1 else 0
        sizes.append((width, total))
        pointer = 8 + width + total
        here = max(node_size - _NODE_OVERHEAD - pointer, 0) // (record_size + pointer)
        below = (here + 1) * below + here
    return sizes


def _bytes_for(number: int) -> int:
    return (max(number, 1).bit_length() - 1) // 8 + 1
