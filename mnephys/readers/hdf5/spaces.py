"""The shapes of datasets and attributes in an HDF5 file."""

from __future__ import annotations

from typing import NamedTuple

from mnephys.readers.hdf5.bytes import UNDEFINED, Fields

__all__ = ["Extent", "read_space"]

_MOST_DIMENSIONS = 32
_GROWS = 1
_SCALAR, _SIMPLE, _EMPTY = range(3)


class Extent(NamedTuple):
    """How many values there are along each dimension."""

    shape: tuple[int, ...]
    most: tuple[int | None, ...]


def read_space(fields: Fields) -> Extent | None:
    """Read a shape.

    Parameters
    ----------
    fields : Fields
        At its first byte.

    Returns
    -------
    Extent or None
        The shape, and how far each dimension may grow, None without a limit. None where there can be no value at all.

    Raises
    ------
    CorruptHeaderError
        If it cannot be true.
    """
    version, rank, flags = fields.numbers(3, 1)
    if version not in {1, 2} or rank > _MOST_DIMENSIONS:
        raise fields.corrupt(f"has a shape of version {version} with {rank} dimensions")
    if version == 1:
        fields.take(5)
    elif (kind := fields.number(1)) != _SIMPLE:
        if kind == _EMPTY:
            return None
        if kind != _SCALAR or rank:
            raise fields.corrupt(f"has a shape of kind {kind} with {rank} dimensions")
    shape = fields.numbers(rank)
    most = fields.numbers(rank) if flags & _GROWS else shape
    if any(extent > limit for extent, limit in zip(shape, most, strict=True)):
        raise fields.corrupt(f"has the shape {shape}, beyond its own limit {most}")
    return Extent(shape, tuple(None if limit == UNDEFINED else limit for limit in most))
