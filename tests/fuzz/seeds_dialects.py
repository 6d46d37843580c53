"""HDF5 files with every structure that the HDF5 layer knows, read entry by entry.

No format uses all of them: here nothing but safety is judged, which is time, memory and the kind of error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fuzz.looks import Look
from fuzz.seed import Seed
from fuzz.seeds_hdf5 import behind_checksums, hdf5_seed, written_bytes
from readers.builders.hdf5_dialects import filled

from mnephys.errors import ReadError
from mnephys.readers.binary import open_binary
from mnephys.readers.hdf5.file import Hdf5File, open_hdf5

__all__ = ["dialect_seeds", "entry_by_entry"]

_MOST_ENTRIES, _MOST_VALUES, _ROWS = 120, 1_000_000, 100


def dialect_seeds() -> list[Seed]:
    """Return the same in the oldest structures, in newer ones, and in the newest behind checksums that fit."""
    seeds = {
        dialect: hdf5_seed(f"HDF5, {dialect}", written_bytes(lambda path, dialect=dialect: filled(path, dialect)), {})
        for dialect in ("earliest", "v110", "latest")
    }
    return [seeds["earliest"], seeds["v110"], behind_checksums(seeds["latest"], entry_by_entry)]


def entry_by_entry(path: Path, **_: bool) -> list[Look]:
    """Read names, attributes and values of what is in a file; what went wrong with an entry is a sentence."""
    sentences: set[str] = set()
    with open_binary(path) as file, open_hdf5(file) as content:
        names = _names(content, "", sentences)
        for name, _number in zip(names, range(_MOST_ENTRIES), strict=False):
            _said(lambda name=name: content.attributes(name), sentences)
            values = _said(lambda name=name: content.array(name, _MOST_VALUES), sentences)
            if values is None:
                _said(lambda name=name: content.table(name, _MOST_VALUES), sentences)
            _said(lambda name=name: _pieces(content, name), sentences)
    return [Look({"kind": "hdf5"}, frozenset(sentences))]


def _names(content: Hdf5File, group: str, sentences: set[str]) -> Iterator[str]:
    """Yield what is in a group, and in the groups of it; a file whose groups lead in circles has no end of them."""
    yield group
    for name in _said(lambda: content.names(group), sentences) or ():
        yield from _names(content, f"{group}/{name}" if group else name, sentences)


def _pieces(content: Hdf5File, name: str) -> None:
    """Read the first and the last rows, and columns, of a dataset."""
    if (values := content.lazy(name)) is None or len(values.shape) not in {1, 2}:
        return
    n_rows = values.shape[0]
    for start in (0, max(n_rows - _ROWS, 0)):
        values.read(start, min(start + _ROWS, n_rows))
    if len(values.shape) == 2:
        values.read_columns(0, min(_ROWS, values.shape[1]), slice(0, min(_ROWS, n_rows)))
    values.close()


def _said(read: Callable[[], Any], sentences: set[str]) -> Any:
    try:
        return read()
    except ReadError as error:
        sentences.add(str(error))
        return None
