"""HDF5 files with everything that the reader knows, in the dialect of each version of the HDF5 library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

#: Oldest version of the library that has to understand the file; newer structures are used where it allows.
DIALECTS = ("earliest", "v108", "v110", "v112", "v114", "latest")

TEXT = h5py.string_dtype()
ROW = np.dtype([("id", "<i4"), ("label", TEXT), ("x", "<f8"), ("fixed", "S6"), ("on", "?"), ("big", ">u2")])


def numbers(*shape: int, dtype: str = "<i2") -> np.ndarray:
    """Return small random numbers, always the same ones."""
    return np.random.default_rng(0).integers(0, 50, shape).astype(dtype)


def rows(count: int) -> np.ndarray:
    """Return rows with a text of variable length each."""
    found = np.zeros(count, ROW)
    for row in range(count):
        found[row] = (row, f"E{row}\N{MICRO SIGN}", row * 1.5, b"ab%d" % row, row % 2, 3 * row)
    return found


def chunked(group: h5py.Group) -> None:
    """Store numbers in chunks that are found in each of the ways there are."""
    gzip: dict[str, Any] = {"compression": "gzip", "shuffle": True}
    group.create_dataset("one", data=numbers(40, 50), chunks=(40, 50), **gzip)
    group.create_dataset("one_plain", data=numbers(40, 50), chunks=(40, 50))
    group.create_dataset("fixed", data=numbers(40, 50), chunks=(7, 9), fletcher32=True, **gzip)
    group.create_dataset("fixed_plain", data=numbers(40, 50), chunks=(7, 9))
    group.create_dataset("fixed_pages", data=numbers(1500, 2), chunks=(1, 2))
    group.create_dataset("fixed_grows", data=numbers(7, 30), chunks=(2, 4), maxshape=(20, 70))
    group.create_dataset("growing", data=numbers(400, 5, dtype=">f4"), chunks=(1, 5), maxshape=(None, 5), **gzip)
    group.create_dataset("growing_plain", data=numbers(300, 2), chunks=(1, 2), maxshape=(None, 2))
    group.create_dataset("growing_second", data=numbers(7, 300), chunks=(2, 4), maxshape=(9, None))
    group.create_dataset("growing_3", data=numbers(7, 30, 5), chunks=(2, 4, 3), maxshape=(9, None, 8), **gzip)
    group.create_dataset("tree", data=numbers(60, 70), chunks=(5, 6), maxshape=(None, None), **gzip)
    group.create_dataset("tree_plain", data=numbers(60, 70), chunks=(2, 3), maxshape=(None, None))
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((10, 10))
    plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    space = h5py.h5s.create_simple((25, 30))
    h5py.Dataset(h5py.h5d.create(group.id, b"implicit", h5py.h5t.STD_I16LE, space, plan))[...] = numbers(25, 30)


def plain(group: h5py.Group) -> None:
    """Store numbers, texts and tables without chunks, and some that have their type from elsewhere."""
    group["row"] = numbers(10, 100)
    group["scalar"] = 3.5
    group["half"] = numbers(5, dtype="<f2")
    group["none"] = np.zeros((0, 3))
    group["texts"] = np.array([b"A1", b"F8"])
    group.create_dataset("words", data=["x", "yy", "", "\N{MICRO SIGN}M"], dtype=TEXT)
    group.create_dataset("word", data="hello", dtype=TEXT)
    group.create_dataset("packed_words", data=["x", "yy", ""], dtype=TEXT, chunks=(2,), compression="gzip")
    group["table"] = rows(5)
    group.create_dataset("packed_table", data=rows(7), chunks=(2,), compression="gzip", shuffle=True)
    group["type"] = np.dtype("<i8")
    group.create_dataset("typed", data=np.arange(4), dtype=group["type"])
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((10,))
    h5py.Dataset(h5py.h5d.create(group.id, b"in_header", h5py.h5t.STD_I16LE, space, plan))[...] = np.arange(10)


def described(group: h5py.Group) -> None:
    """Give attributes of all kinds to groups."""
    group.attrs["text"] = "\N{MICRO SIGN} text"
    group.attrs["fixed"] = np.bytes_(b"fixed ")
    group.attrs["settings"] = json.dumps({"a": list(range(400))})
    group.attrs["whole"], group.attrs["real"], group.attrs["yes"] = np.int32(5), 2.5, True
    group.attrs["several"] = np.arange(6).reshape(2, 3)
    group.attrs["words"] = ["a", "bb"]
    group.attrs["typed"] = np.int64(4)
    group.attrs["reference"] = group.ref
    group.attrs["nothing"] = h5py.Empty("f4")
    many = group.create_group("many", track_order=True)
    for number in range(30):
        many.attrs[f"a{30 - number}"] = "t" * number


def filled(path: Path, dialect: str, **options: Any) -> Path:
    """Write a file with everything."""
    with h5py.File(path, "w", libver=(dialect, "latest"), **options) as file:
        chunked(file.create_group("chunked"))
        plain(file.create_group("plain"))
        described(file.create_group("described"))
        for number in range(20):
            file.create_group(f"streams/Stream_{number}")
            file.create_group(f"ordered/z{number}", track_order=True)
        if dialect != "earliest":
            file.create_group("large").attrs["numbers"] = np.arange(100_000)
    return path


def objects(file: h5py.File) -> Iterator[tuple[str, h5py.Group | h5py.Dataset]]:
    """Yield everything in a file by its path."""
    yield "", file
    found: list[tuple[str, Any]] = []
    file.visititems(lambda name, item: found.append((name, item)))
    yield from found
