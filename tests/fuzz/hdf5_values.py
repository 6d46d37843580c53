"""Changes of a dataset of an HDF5 file: shapes that it cannot have, other types, forged values, columns and rows."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import h5py
import numpy as np
from fuzz.mutations import HOSTILE

__all__ = ["NOTHING", "TRAP", "Carries", "Change", "Changes", "numbers", "of_dataset"]

#: A pipe in the folder of each case: who opens it waits for ever.
TRAP = "trap.h5"
_NUMBERS = (0, 1, -1, (1 << 31) - 1, (1 << 32) - 1, (1 << 63) - 1)
_FLOATS = (float("nan"), float("inf"), -1.5, 1e300, 1e-300, 50.0, 1e6)
_WORDS = "0 1 -1 2147483647 4294967295 1e300 1e-300 NaN Infinity -Infinity 1e999 null true [] {}"
_JSON = (*_WORDS.encode().split(), b'"1"', b"9" * 5000)
_TERABYTES = 1 << 40
# So much comes out of the bomb: more than any reader may use of a small file.
_BOMB, _PIECE = 256 << 20, 16 << 20

Change = Callable[[h5py.File], None]
#: What an entry, a column (``entry:column``) or an attribute (``entry@attribute``) decides alone.
Carries = Callable[[str], frozenset[str]]
#: Kind, words, change, and what the change alone decides.
Changes = Iterator[tuple[str, str, Change, frozenset[str]]]
NOTHING: frozenset[str] = frozenset()


def of_dataset(name: str, dataset: h5py.Dataset, carries: Carries) -> Changes:
    """Yield all changes of a dataset."""
    shape, dtype = dataset.shape, dataset.dtype
    yield "type", "a group", _grouped(name), NOTHING
    for said, options in _claims(shape, dtype).items():
        yield "claim", said, _created(name, options), NOTHING
    for said, values in _other_types(dataset).items():
        # Other types hold other values too.
        yield "type", said, _created(name, {"data": values}), carries(name)
    if dtype.kind in "iuf" and len(shape) in {1, 2}:
        yield "claim", "a bomb", _bomb(name, shape, dtype), NOTHING
    if dtype.names is not None:
        yield from _of_columns(name, dataset, carries)
    elif dtype.kind in "iuf" and dataset.size:
        yield from _of_numbers(name, dataset, carries)
    elif dtype.kind in "SO" and dataset.size:
        for text in HOSTILE:
            raw = text.replace(b"\0", b"")
            values = np.full(shape, raw, f"S{max(len(raw), 1)}")
            yield "value", f"= {raw[:20]!r}", _created(name, {"data": values}), NOTHING
        yield from _of_json(name, dataset, carries)


def _of_json(name: str, dataset: h5py.Dataset, carries: Carries) -> Changes:
    """Yield the forged numbers of a tree that stands in a text."""
    if dataset.dtype.kind == "O" and not h5py.check_string_dtype(dataset.dtype):
        return
    text = bytes(np.ravel(dataset[()])[0])
    if not text.startswith(b"{"):
        return
    # Digits alone are of any length; a deep tree is what recursion breaks on.
    for new in (b"{" * 5000, b'{"a":' * 5000, b"[" * 50_000, b"null", b"1", b'"a"', text[: len(text) // 2]):
        yield "value", f"= {new[:20]!r}", _texted(name, dataset.shape, new), NOTHING
    for match in re.finditer(rb'"(\w+)": (-?[\d.eE+-]+)', text):
        key = match[1].decode()
        for new in _JSON:
            forged = text[: match.start(2)] + new + text[match.end(2) :]
            yield "value", f"@{key} = {new[:20]!r}", _texted(name, dataset.shape, forged), carries(f"{name}@{key}")


def _texted(name: str, shape: tuple[int, ...], text: bytes) -> Change:
    values = np.empty(shape, dtype=object)
    values[...] = text
    return _created(name, {"data": values, "dtype": h5py.string_dtype()})


def _grouped(name: str) -> Change:
    def change(file: h5py.File) -> None:
        del file[name]
        file.create_group(name)

    return change


def _of_numbers(name: str, dataset: h5py.Dataset, carries: Carries) -> Changes:
    carried = carries(name)
    for value in numbers(dataset.dtype):
        yield "value", f"= {value}", _filled(name, value, slice(None)), carried
        if dataset.ndim:
            yield "value", f"[0] = {value}", _filled(name, value, 0), carried
            yield "value", f"[-1] = {value}", _filled(name, value, -1), carried
    if dataset.ndim and dataset.size > 1:
        yield "value", "backwards", _filled(name, dataset[()][::-1].copy(), slice(None)), carried
        values = dataset[()]
        longer = np.concatenate([values, values[-1:]])
        yield "claim", "one longer", _created(name, {"data": longer}), carried | {"length", "duration"}
        yield "claim", "one shorter", _created(name, {"data": values[:-1]}), carried | {"length", "duration"}


def numbers(dtype: np.dtype[Any]) -> list[Any]:
    """Return what numbers of a type are forged to."""
    if dtype.kind == "f":
        largest = float(np.finfo(dtype).max)
        values = (*map(float, _NUMBERS), *_FLOATS)
        return [dtype.type(value) for value in values if not np.isfinite(value) or abs(value) <= largest]
    limits = np.iinfo(dtype)
    return [
        dtype.type(value) for value in sorted({*_NUMBERS, limits.min, limits.max}) if limits.min <= value <= limits.max
    ]


def _filled(name: str, value: Any, where: Any) -> Change:
    def change(file: h5py.File) -> None:
        dataset = file[name]
        if dataset.ndim == 0:
            dataset[()] = value
        else:
            dataset[where] = value

    return change


def _created(name: str, options: Mapping[str, Any]) -> Change:
    """Return a change that puts another dataset in the place of one, with its attributes."""

    def change(file: h5py.File) -> None:
        kept = dict(file[name].attrs)
        del file[name]
        _attributed(file.create_dataset(name, **options), kept)

    return change


def _attributed(dataset: h5py.Dataset, kept: Mapping[str, Any]) -> None:
    for key, value in kept.items():
        dataset.attrs[key] = value


def _claims(shape: tuple[int, ...], dtype: np.dtype[Any]) -> dict[str, dict[str, Any]]:
    """Return shapes that no file holds, and values that are elsewhere."""
    plain = dtype if dtype.kind in "iuf" else np.dtype("f8")
    ndim = max(len(shape), 1)
    small = tuple(min(extent, 16) or 1 for extent in shape) or (1,)
    huge = (_TERABYTES, *(1,) * (ndim - 1))
    wide = (*(1,) * (ndim - 1), _TERABYTES)
    virtual = h5py.VirtualLayout(small, plain)
    virtual[...] = h5py.VirtualSource(TRAP, "x", small)
    claims: dict[str, dict[str, Any]] = {
        "of a terabyte": {"shape": huge, "dtype": plain},
        "of a terabyte, wide": {"shape": wide, "dtype": plain, "chunks": (1,) * (ndim - 1) + (1000,)},
        "of a terabyte, packed": {
            "shape": huge,
            "dtype": plain,
            "chunks": (1000,) + (1,) * (ndim - 1),
            "compression": 9,
        },
        "in chunks of a gigabyte": {
            "shape": (10, *(1,) * (ndim - 1)),
            "maxshape": (None,) * ndim,
            "dtype": plain,
            "chunks": (1 << 27, *(1,) * (ndim - 1)),
            "compression": 9,
        },
        "without values": {"shape": shape or (1,), "dtype": plain},
        "empty": {"shape": (0,) * ndim, "dtype": plain},
        "null": {"data": h5py.Empty(plain)},
        "of ragged rows": {"shape": small, "dtype": h5py.vlen_dtype(float)},
        "of references": {"shape": small, "dtype": h5py.ref_dtype},
        "of texts of any length": {"shape": small, "dtype": h5py.string_dtype()},
        "of named numbers": {"shape": small, "dtype": h5py.enum_dtype({"a": 1, "b": 2})},
        "of another rank": {"shape": (*small, 2), "dtype": plain, "data": np.zeros((*small, 2), plain)},
        "scalar": {"data": np.zeros((), plain)},
        f"stored in {TRAP}": {
            "shape": small,
            "dtype": plain,
            "external": [(TRAP, 0, int(np.prod(small)) * plain.itemsize)],
        },
    }
    return claims


def _other_types(dataset: h5py.Dataset) -> dict[str, Any]:
    """Return values of the same shape in types that are not expected."""
    shape = dataset.shape if dataset.size and dataset.size < 1e5 else (3,)
    numbers = np.zeros(shape)
    found = {
        "as texts": np.full(shape, b"1"),
        "as complex": numbers.astype(complex),
        "as truth values": numbers.astype(bool),
        "as half precision": numbers.astype(np.float16),
        "as extended precision": numbers.astype(np.longdouble),
        "as records": np.zeros(shape, [("a", "f8"), ("b", "S3")]),
        "as records of records": np.zeros(shape, [("a", [("b", "f8", (2,))])]),
        "as raw bytes": np.zeros(shape, "V7"),
    }
    if dataset.dtype.kind in "iuf" and dataset.size:
        values = dataset[()]
        with np.errstate(invalid="ignore"):
            found |= {
                "as its other kind": values.astype("i8" if values.dtype.kind == "f" else "f8"),
                "as bytes": values.astype("u1"),
            }
    return found


@cache
def _zeros(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


def _bomb(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Change:
    """Return a change to a dataset of zeros that is small in the file and large in memory."""
    across = shape[1] if len(shape) == 2 else 1
    along = max(_PIECE // (dtype.itemsize * max(across, 1)), 1)
    chunk = (along, across) if len(shape) == 2 else (along,)

    def change(file: h5py.File) -> None:
        kept = dict(file[name].attrs)
        del file[name]
        pieces = _BOMB // _PIECE
        options = {"shape": (along * pieces, *chunk[1:]), "dtype": dtype, "chunks": chunk, "compression": 9}
        dataset = file.create_dataset(name, **options)
        for number in range(pieces):
            dataset.id.write_direct_chunk(
                (along * number,) + (0,) * (len(chunk) - 1), _zeros(int(np.prod(chunk)) * dtype.itemsize)
            )
        _attributed(dataset, kept)

    return change


def _of_columns(name: str, dataset: h5py.Dataset, carries: Carries) -> Changes:
    """Yield forged columns of a table, columns that are gone or of another type, and rows that are gone or double."""
    if not dataset.size:
        return
    rows = np.atleast_1d(dataset[()])
    for column in dataset.dtype.names:
        kind = dataset.dtype[column]
        less = [each for each in dataset.dtype.names if each != column]
        yield "gone", f":{column} gone", _table(name, rows[less].copy() if less else np.zeros(rows.shape)), NOTHING
        if kind.kind not in "iuf":
            for text in HOSTILE[:6]:
                yield (
                    "value",
                    f":{column} = {text[:20]!r}",
                    _column(name, rows, column, text.replace(b"\0", b"").decode("latin-1")),
                    NOTHING,
                )
            continue
        for value in numbers(kind):
            yield "value", f":{column} = {value}", _column(name, rows, column, value), carries(f"{name}:{column}")
            yield (
                "value",
                f":{column}[0] = {value}",
                _column(name, rows, column, value, only=0),
                carries(f"{name}:{column}"),
            )
        texts = np.empty(
            rows.shape, [(each, "S4" if each == column else dataset.dtype[each]) for each in dataset.dtype.names]
        )
        for each in less:
            texts[each] = rows[each]
        yield "type", f":{column} as text", _table(name, texts), NOTHING
    if rows.size > 1:
        carried = carries(name)
        yield "rows", "without its last row", _table(name, rows[:-1]), carried
        yield "rows", "with a row twice", _table(name, np.concatenate([rows, rows[:1]])), carried
        yield "rows", "backwards", _table(name, rows[::-1].copy()), carried
        yield "rows", "all rows alike", _table(name, np.repeat(rows[:1], rows.size)), carried


def _table(name: str, rows: Any) -> Change:
    return _created(name, {"data": rows})


def _column(name: str, rows: Any, column: str, value: Any, *, only: int | None = None) -> Change:
    changed = rows.copy()
    changed[column][slice(None) if only is None else only] = value
    return _table(name, changed)
