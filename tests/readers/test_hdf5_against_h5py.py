"""Random HDF5 files that h5py writes: our reading gives what that of h5py gives."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random
from typing import Any

import h5py
import numpy as np
import pytest

from mnephys.errors import CorruptHeaderError, UnsupportedFormatError
from mnephys.readers.binary import open_binary
from mnephys.readers.hdf5.file import Hdf5File, open_hdf5

VERSIONS = ("earliest", "v108", "v110", "latest", ("earliest", "v108"), ("v108", "v110"))
NUMBERS = [
    f"{end}{kind}" for end in "<>" for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
]
CHOICE = h5py.enum_dtype({"A": 1, "B": 2}, "<i2")
MOST = 10**7


def random_numbers(random: Random, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return numbers of any bits, or small ones, which filters can pack."""
    draw = np.random.default_rng(random.getrandbits(32))
    dtype = np.dtype(kind)
    if dtype.kind == "f":
        return draw.normal(0, 100, shape).astype(dtype)
    values = np.frombuffer(draw.bytes(math.prod(shape) * dtype.itemsize), dtype).reshape(shape)
    return (values % np.array(7, dtype)).astype(dtype) if random.random() < 0.6 else values


def random_texts(random: Random, count: int, letters: str = "abcZ 09_äµλ") -> list[str]:
    return ["".join(random.choices(letters, k=random.choice([0, 1, 3, 12, 40]))) for _ in range(count)]


def random_shape(random: Random) -> tuple[int, ...]:
    rank = random.choice([0, 1, 1, 1, 2, 2, 2, 3, 4])
    lengths = [0, 1, 2, 7, 50, 257, 1000] if rank < 3 else [0, 1, 2, 3, 5, 8, 17, 33]
    shape = [random.choice(lengths) for _ in range(rank)]
    while math.prod(shape) > 60_000:
        shape[shape.index(max(shape))] //= 3
    return tuple(shape)


def random_storage(random: Random, shape: tuple[int, ...], dtype: Any) -> dict[str, Any]:
    """Return options of a dataset: in one row, or in chunks with any filters of every HDF5 library."""
    if 0 in shape or not shape or random.random() < 0.25:
        return {}
    chunks = tuple(random.choice([1, 2, 3, 7, 16, 64, extent]) for extent in shape)
    chunks = tuple(min(step, extent) for step, extent in zip(chunks, shape, strict=True))
    if math.prod(-(-extent // step) for extent, step in zip(shape, chunks, strict=True)) > 3000:
        chunks = tuple(-(-extent // 2) for extent in shape)
    options: dict[str, Any] = {"chunks": chunks}
    if random.random() < 0.5:
        options["maxshape"] = tuple(random.choice([None, extent, extent + 10]) for extent in shape)
    if random.random() < 0.6:
        options |= {"compression": "gzip", "compression_opts": random.randint(0, 9)}
    # HDF5 has no checksums of texts of variable length.
    sums = random.random() < 0.3 and not np.dtype(dtype).hasobject
    return options | {"shuffle": random.random() < 0.4, "fletcher32": sums}


def add_plain(random: Random, group: h5py.Group, name: str) -> None:
    """Add numbers, texts, booleans, or numbers that stand for names."""
    shape = random_shape(random)
    fixed = h5py.string_dtype(random.choice(["utf-8", "ascii"]), random.choice([1, 8, 41]))
    dtype = random.choice([*random.choices(NUMBERS, k=3), fixed, h5py.string_dtype(), np.dtype(bool), CHOICE])
    if isinstance(dtype, str):
        values = random_numbers(random, dtype, shape)
    elif h5py.check_string_dtype(dtype):
        texts = random_texts(random, math.prod(shape), "abcZ 09_" if dtype.kind == "S" else "abcZ 09_äµλ")
        values = np.array(texts, dtype).reshape(shape)
    else:
        values = random_numbers(random, "<u1", shape).astype(dtype)
    group.create_dataset(name, data=values, dtype=dtype, **random_storage(random, shape, dtype))


def add_table(random: Random, group: h5py.Group, name: str) -> None:
    """Add rows of several fields, of which arrays and tables are not read."""
    size = random.choice([0, 1, 3, 50, 700])
    columns: dict[str, tuple[Any, Any]] = {}
    for number in range(random.choice([1, 3, 9])):
        kind = random.choice(NUMBERS)
        columns[f"field {number}" + "z" * random.choice([0, 5, 40])] = random.choice(
            [
                (kind, random_numbers(random, kind, (size,))),
                (kind, random_numbers(random, kind, (size,))),
                ("S11", np.array(random_texts(random, size, "abc Z"), "S11")),
                (h5py.string_dtype(), random_texts(random, size)),
                (bool, np.arange(size) % 3 == 0),
                (CHOICE, 1 + np.arange(size) % 2),
                (("<i2", (2, 3)), random_numbers(random, "<i2", (size, 2, 3))),
                ([("inner", "<f4"), ("list", "<i8", (4,))], 0),
            ]
        )
    dtype = np.dtype([(column, kind) for column, (kind, _) in columns.items()], align=random.random() < 0.3)
    rows = np.zeros(size, dtype)
    for column, (_, values) in columns.items():
        rows[column] = values
    group.create_dataset(name, data=rows, dtype=dtype, **random_storage(random, (size,), dtype))


def add_resized(random: Random, group: h5py.Group, name: str) -> None:
    """Add a dataset that grew and shrank, so that its chunks are out of order."""
    rank, kind = random.choice([1, 2]), random.choice(NUMBERS)
    options = random_storage(random, (37,) * rank, kind)
    options["chunks"] = tuple(random.choices([1, 4, 8], k=rank))
    options["maxshape"] = tuple(random.choices([None, 100], k=rank))
    dataset = group.create_dataset(name, (10,) * rank, dtype=kind, **options)
    for _ in range(random.choice([1, 3, 6])):
        dataset[...] = random_numbers(random, kind, dataset.shape)
        dataset.resize(tuple(random.choices([0, 1, 3, 10, 20, 64], k=rank)))
    dataset[...] = random_numbers(random, kind, dataset.shape)


def add_unwritten(random: Random, group: h5py.Group, name: str) -> None:
    """Add a dataset of which chunks were never written."""
    most = (random.choice([200, 300, None]), random.choice([3, None]))
    group.create_dataset(name, (200, 3), dtype="<i4", chunks=(10, 3), maxshape=most, compression="gzip", fillvalue=7)
    group[name][5:15] = 1


def add_attributes(random: Random, item: h5py.Group | h5py.Dataset) -> None:
    for number in range(random.choice([0, 1, 3, 7, 9, 30, 120])):
        numbers = random_numbers(random, random.choice(NUMBERS), (random.choice([1, 4]), 2))
        odd = [True, h5py.Empty("f4"), np.bytes_(b"abc"), np.zeros(0, "i4"), np.arange(random.choice([10, 7000]))]
        texts = random_texts(random, 3)
        name = f"{number}" + random.choice(["", "w" * 100, "ñ"])
        item.attrs[name] = random.choice([numbers, numbers[0, 0], texts, texts[0], *odd])


def write(random: Random, path: Path) -> None:
    """Write a file of any version and arrangement, with groups in groups."""
    options: dict[str, Any] = {"libver": random.choice(VERSIONS), "track_order": random.random() < 0.3}
    if random.random() < 0.1:
        options["userblock_size"] = random.choice([512, 4096])
    elif options["libver"] == "latest" and random.random() < 0.5:
        options["fs_strategy"] = random.choice(["page", "fsm", "aggregate", "none"])
    with h5py.File(path, "w", **options) as file:
        groups = [file]
        for number in range(random.choice([0, 1, 3])):
            name = random.choice(["g", "Group ", "é", "x" * 300]) + str(number)
            groups.append(random.choice(groups).create_group(name, track_order=random.random() < 0.4))
        if random.random() < 0.15:
            groups.append(file.create_group("many", track_order=random.random() < 0.5))
            count, step = random.choice([9, 40, 1000]), random.choice([3, 10_000])
            for number in range(count):
                groups[-1][f"entry {number}"] = np.int32(number)
            for number in range(0, count, step):
                del groups[-1][f"entry {number}"]
        for number in range(random.choice([1, 3, 8])):
            add = random.choice([add_plain, add_plain, add_plain, add_table, add_table, add_resized, add_unwritten])
            group, name = random.choice(groups), f"data {number}" + random.choice(["", "y" * 200, "ü"])
            add(random, group, name)
            add_attributes(random, group[name])
        file["empty"] = h5py.Empty("f8")
        for group in groups:
            add_attributes(random, group)


# --- what is read ---


def compare_values(random: Random, content: Hdf5File, name: str, dataset: h5py.Dataset) -> None:
    if dataset.shape is None:
        with pytest.raises(CorruptHeaderError, match="holds no values"):
            content.array(name, MOST)
    elif dataset.dtype.names:
        compare_table(content.table(name, MOST), dataset[()])
    elif dataset.fillvalue == 7:
        with pytest.raises(UnsupportedFormatError, match=r"was never written from \(20, 0\) on"):
            content.array(name, MOST)
        np.testing.assert_array_equal(content.lazy(name).read(3, 20), dataset[3:20])
    elif h5py.check_string_dtype(dataset.dtype):
        found = content.array(name, MOST)
        assert (found.shape, found.ravel().tolist()) == (dataset.shape, np.ravel(dataset[()]).tolist())
    else:
        found, expected = content.array(name, MOST), dataset[...]
        assert found.shape == expected.shape
        assert found.tobytes() == expected.tobytes()
        if dataset.dtype.kind in "iuf" and not h5py.check_enum_dtype(dataset.dtype):
            assert found.dtype == expected.dtype
            compare_parts(random, content.lazy(name), expected)


def compare_parts(random: Random, lazy: Any, expected: np.ndarray) -> None:
    if not expected.ndim or not expected.size:
        return
    start, stop = sorted(random.choices(range(len(expected) + 1), k=2))
    np.testing.assert_array_equal(lazy.read(start, stop), expected[start:stop])
    if expected.ndim == 2:
        rows, columns = (random.choices(range(extent), k=3) for extent in expected.shape)
        np.testing.assert_array_equal(lazy.read(start, stop, columns), expected[start:stop, columns])
        np.testing.assert_array_equal(lazy.read(start, stop, slice(None, None, 2)), expected[start:stop, ::2])
        start, stop = sorted(random.choices(range(expected.shape[1] + 1), k=2))
        np.testing.assert_array_equal(lazy.read_columns(start, stop, rows), expected[rows, start:stop])


def compare_table(found: dict[str, np.ndarray], rows: np.ndarray) -> None:
    read = [name for name in rows.dtype.names if not (rows.dtype[name].subdtype or rows.dtype[name].names)]
    assert list(found) == read
    for name in read:
        if h5py.check_string_dtype(rows.dtype[name]) or rows.dtype[name].kind == "S":
            assert found[name].tolist() == [text.decode().strip() for text in rows[name].tolist()]
        else:
            assert found[name].dtype == rows[name].dtype
            assert found[name].tobytes() == rows[name].tobytes()


def compare_attributes(found: dict[str, Any], item: h5py.Group | h5py.Dataset) -> None:
    expected = {name: value for name, value in item.attrs.items() if not isinstance(value, h5py.Empty)}
    assert set(found) == set(expected)
    for name, value in expected.items():
        if isinstance(value, str | bytes):
            assert found[name] == (value if isinstance(value, str) else value.decode()).strip()
        elif value.dtype.kind == "O":
            assert list(found[name]) == [text.strip() for text in value.tolist()]
        else:
            np.testing.assert_array_equal(found[name], value)


def compare(seed: int, path: Path) -> None:
    random = Random(seed)  # noqa: S311 -- the same files in every run
    write(random, path)
    with open_binary(path) as binary, open_hdf5(binary) as content, h5py.File(path) as file:
        items: dict[str, Any] = {"": file}
        file.visititems(lambda name, item: items.update({name: item}))
        for name, item in items.items():
            compare_attributes(content.attributes(name), item)
            if isinstance(item, h5py.Group):
                assert sorted(content.names(name)) == sorted(item)
            else:
                compare_values(random, content, name, item)


@pytest.mark.parametrize("seed", range(40))
def test_random_files(seed, tmp_path):
    compare(seed, tmp_path / "random.h5")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1500))
def test_many_random_files(seed, tmp_path):
    compare(seed, tmp_path / "random.h5")
