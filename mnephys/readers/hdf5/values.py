"""The values of a whole dataset of an HDF5 file: numbers, texts, or the columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.hdf5.datasets import Dataset
from mnephys.readers.hdf5.heap import REFERENCE, TextHeap, decoded
from mnephys.readers.hdf5.selections import Selector, everything
from mnephys.readers.hdf5.types import Field, Sort

__all__ = ["read_array", "read_table"]

_CHARACTER_SIZE = 4


def read_array(heap: TextHeap, dataset: Dataset, most: int) -> NDArray[Any]:
    """Return numbers or texts.

    Parameters
    ----------
    heap : TextHeap
        Of the file.
    dataset : Dataset
        Any.
    most : int
        Values beyond this number are a damaged shape.

    Returns
    -------
    ndarray of the stored shape
        Numbers of the stored type, texts as bytes; of booleans and of what stands for a name, the stored integer.

    Raises
    ------
    CorruptHeaderError
        If it holds anything else, or too much.
    ReadError
        If it cannot be read.
    """
    if dataset.type.sort in {Sort.TABLE, Sort.OTHER}:
        raise dataset.corrupt("holds neither numbers nor texts")
    values = _stored(heap, dataset, most)
    if dataset.type.sort is not Sort.VARIABLE_TEXT:
        return values
    texts = heap.texts(values.view(REFERENCE).ravel(), f"dataset {dataset.name}")
    _check_width(heap, dataset, texts, 1)
    return np.array(texts or [b""], dtype=bytes)[: len(texts)].reshape(dataset.shape)


def read_table(heap: TextHeap, dataset: Dataset, most: int) -> dict[str, NDArray[Any]]:
    """Return the columns of a table.

    Parameters
    ----------
    heap : TextHeap
        Of the file.
    dataset : Dataset
        Any.
    most : int
        Rows beyond this number are a damaged shape.

    Returns
    -------
    dict of str to ndarray, shape (n_rows,)
        Numbers of the stored type, texts as text, by the name of the field; a field of anything else is missing.

    Raises
    ------
    CorruptHeaderError
        If it is no table, or too large.
    ReadError
        If it cannot be read.
    """
    if dataset.type.sort is not Sort.TABLE:
        raise dataset.corrupt("is no table")
    rows = _stored(heap, dataset, most).ravel()
    columns = ((field.name, _column(heap, dataset, rows, field)) for field in dataset.type.fields)
    return {name: column for name, column in columns if column is not None}


def _stored(heap: TextHeap, dataset: Dataset, most: int) -> NDArray[Any]:
    if dataset.n_values > most:
        raise dataset.corrupt(f"claims {dataset.n_values} values; at most {most} are read")
    if dataset.n_bytes > (largest := heap.source.largest):
        raise dataset.corrupt(f"claims {dataset.n_bytes} bytes of values; at most {largest} are read")
    return Selector(dataset, keep=False).read(heap.source, everything(dataset))


def _column(heap: TextHeap, dataset: Dataset, rows: NDArray[Any], field: Field) -> NDArray[Any] | None:
    sort, kind = field.type.sort, field.type.dtype
    if sort in {Sort.TABLE, Sort.OTHER}:
        return None
    layout = np.dtype({"names": [""], "formats": [kind], "offsets": [field.offset], "itemsize": dataset.type.size})
    values = np.ascontiguousarray(rows.view(layout)[""])
    if sort is Sort.BOOLEAN:
        return values.astype(bool)
    if sort in {Sort.NUMBER, Sort.CHOICE}:
        return values
    place = f"column {field.name} of dataset {dataset.name}"
    raw = heap.texts(values.view(REFERENCE), place) if sort is Sort.VARIABLE_TEXT else values.tolist()
    texts = [decoded(one) for one in raw]
    _check_width(heap, dataset, texts, _CHARACTER_SIZE)
    return np.array(texts, dtype=str)


def _check_width(heap: TextHeap, dataset: Dataset, texts: Sequence[str | bytes], size: int) -> None:
    """Raise if texts, all as wide as the longest, would take too much memory."""
    width = max((len(text) for text in texts), default=0) * size
    if len(texts) * width > (largest := heap.source.largest):
        raise dataset.corrupt(f"holds {len(texts)} texts of up to {width} bytes; at most {largest} bytes are read")
