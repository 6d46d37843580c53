"""What the HDF5 library writes, in the dialect of any of its versions, comes back as the library itself reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from readers.builders.hdf5_dialects import DIALECTS, filled, numbers, objects

from mnephys.readers.binary import open_binary
from mnephys.readers.hdf5.file import Hdf5File, open_hdf5, texts_of
from mnephys.readers.hdf5.layouts import Index

MOST = 10_000_000


@pytest.fixture(scope="module", params=[*DIALECTS, "userblock", "paged"])
def path(request, tmp_path_factory) -> Path:
    options: dict[str, dict[str, Any]] = {
        "userblock": {"userblock_size": 1024},
        "paged": {"fs_strategy": "page", "fs_page_size": 4096},
    }
    dialect = request.param if request.param in DIALECTS else {"userblock": "v108", "paged": "latest"}[request.param]
    return filled(tmp_path_factory.mktemp("hdf5") / f"{request.param}.h5", dialect, **options.get(request.param, {}))


@pytest.fixture
def both(path) -> Iterator[tuple[h5py.File, Hdf5File]]:
    with h5py.File(path, "r") as library, open_binary(path) as file, open_hdf5(file) as content:
        yield library, content


def expected_attribute(value: Any) -> Any:
    """Return what is told of a value that h5py gives."""
    if isinstance(value, np.bytes_ | bytes):
        return value.decode().strip()
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return [str(one) for one in value.ravel().tolist()]
    if isinstance(value, np.generic):
        return value.item()
    return None if isinstance(value, h5py.Empty | h5py.Reference) else value


def expected_texts(values: Any) -> list[str]:
    return [one.decode().strip() for one in np.asarray(values, dtype=object).ravel().tolist()]


def test_groups_and_attributes(both):
    library, content = both
    n_values = 0
    for name, item in objects(library):
        assert content.has(name)
        assert set(content.names(name)) == (set(item) if isinstance(item, h5py.Group) else set())
        expected = {key: expected_attribute(item.attrs[key]) for key in item.attrs}
        expected = {key: value for key, value in expected.items() if value is not None}
        found = content.attributes(name)
        assert set(found) == set(expected)
        for key, value in expected.items():
            assert type(found[key]) is type(value)
            np.testing.assert_array_equal(found[key], value)
        n_values += len(found)
    assert n_values >= 38
    assert content.names("streams") == [f"Stream_{number}" for number in range(20)]


def test_values(both):
    library, content = both
    n_datasets = 0
    for name, item in objects(library):
        if not isinstance(item, h5py.Dataset):
            continue
        stored = item[()]
        n_datasets += 1
        if item.dtype.names:
            table = content.table(name, MOST)
            assert list(table) == list(item.dtype.names)
            for column in item.dtype.names:
                if item.dtype[column].kind in "SO":
                    assert table[column].dtype.kind == "U"
                    assert table[column].tolist() == expected_texts(stored[column])
                else:
                    assert table[column].dtype == item.dtype[column]
                    np.testing.assert_array_equal(table[column], stored[column])
        elif item.dtype.kind in "SO":
            assert texts_of(content.array(name, MOST)) == expected_texts(stored)
        else:
            found = content.array(name, MOST)
            assert (found.dtype, found.shape) == (item.dtype, item.shape)
            np.testing.assert_array_equal(found, stored)
    assert n_datasets == 25


def test_parts_of_numbers(both):
    library, content = both
    for name, item in objects(library):
        if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "iuf" or not item.ndim:
            continue
        lazy = content.lazy(name)
        assert (lazy.shape, lazy.dtype, lazy.chunks) == (item.shape, item.dtype, item.chunks)
        n_rows = item.shape[0]
        for start, stop in ((0, n_rows), (n_rows // 3, n_rows - n_rows // 4), (n_rows, n_rows)):
            np.testing.assert_array_equal(lazy.read(start, stop), item[start:stop])
        if item.ndim == 2 and item.size:
            n_columns, stored = item.shape[1], item[()]
            first, last = n_columns // 3, n_columns - n_columns // 4
            for wanted in (slice(None), slice(1, n_columns), slice(None, None, 3), slice(n_columns, 0, -2)):
                np.testing.assert_array_equal(lazy.read(n_rows // 3, n_rows, wanted), stored[n_rows // 3 :, wanted])
            for wanted in ([0], [n_rows - 1, 0, n_rows // 2, 0], slice(n_rows // 2, None), None):
                expected = stored[slice(None) if wanted is None else wanted, first:last]
                np.testing.assert_array_equal(lazy.read_columns(first, last, wanted), expected)


def test_every_way_to_find_chunks_is_met(tmp_path):
    with open_binary(filled(tmp_path / "a.h5", "latest")) as file, open_hdf5(file) as content:
        ways = {name: content.lazy(f"chunked/{name}")._dataset.layout.index for name in content.names("chunked")}
    assert {way.name for way in ways.values()} == {way.name for way in Index} - {"OLD_TREE"}
    assert (ways["one"], ways["fixed_pages"], ways["implicit"]) == (Index.SINGLE, Index.FIXED_ARRAY, Index.IMPLICIT)
    assert (ways["growing_second"], ways["tree"]) == (Index.GROWING_ARRAY, Index.NEW_TREE)


@pytest.mark.parametrize("dialect", ["earliest", "v108", "latest"])
def test_large_groups_and_deep_indexes(tmp_path, dialect):
    path, chunks = tmp_path / "a.h5", numbers(140_000, dtype="u1")
    with h5py.File(path, "w", libver=(dialect, "latest")) as file:
        # Beyond 131,000 chunks, an index that grows keeps them in pages.
        growing = file.create_dataset("growing", (140_000,), "u1", chunks=(1,), maxshape=(None,))
        growing[131_060:131_090] = chunks[131_060:131_090]
        file.create_dataset("tree", data=chunks[:8000].reshape(80, 100), chunks=(1, 1), maxshape=(None, None))
        target = file.create_group("target")
        many = file.create_group("many")
        for number in range(4000):
            many[f"{number}_{'x' * (number % 90)}"] = target
        for number in range(800):
            many.attrs[f"a{number}"] = "v" * (number % 300)
        for number in range(3):
            if dialect != "earliest":
                target.attrs[f"large{number}"] = np.arange(20_000 + number)
    with open_binary(path) as file, open_hdf5(file) as content:
        np.testing.assert_array_equal(content.lazy("growing").read(131_060, 131_090), chunks[131_060:131_090])
        np.testing.assert_array_equal(content.array("tree", MOST).ravel(), chunks[:8000])
        assert content.names("many") == [f"{number}_{'x' * (number % 90)}" for number in range(4000)]
        assert content.attributes("many") == {f"a{number}": "v" * (number % 300) for number in range(800)}
        assert sorted(len(values) for values in content.attributes("target").values()) == (
            [] if dialect == "earliest" else [20_000, 20_001, 20_002]
        )


def test_the_layout_of_very_old_files(tmp_path):
    path, stored = tmp_path / "a.h5", np.arange(12.0).reshape(3, 4)
    with h5py.File(path, "w", libver="earliest") as file:
        file["row"] = stored
        address = file["row"].id.get_offset()
    content = path.read_bytes()
    # Version 3: class, address, size. Version 1: dimensions, class, reserved, address, extents of 4 bytes each.
    new = b"\x03\x01" + address.to_bytes(8, "little") + stored.nbytes.to_bytes(8, "little")
    old = b"\x01\x02\x01" + bytes(5) + address.to_bytes(8, "little") + b"\x03\0\0\0\x04\0\0\0"
    at = content.index(new)
    path.write_bytes(content[:at] + old + content[at + len(old) :])
    with h5py.File(path, "r") as library, open_binary(path) as file, open_hdf5(file) as found:
        np.testing.assert_array_equal(found.array("row", MOST), library["row"][()])
        np.testing.assert_array_equal(found.array("row", MOST), stored)


def test_real_plates_are_read_as_the_library_reads_them(data):
    n_values = 0
    for path in sorted(data("mea/spike_trains_hdf5").glob("*.h5")):
        with h5py.File(path, "r") as library, open_binary(path) as file, open_hdf5(file) as content:
            assert set(content.names("")) == set(library)
            for name, item in objects(library):
                if isinstance(item, h5py.Dataset) and not item.dtype.names:
                    np.testing.assert_array_equal(content.array(name, MOST), item[()])
                    n_values += item.size
    assert n_values > 4_000_000


def test_a_real_recording_of_tables_and_streams(data):
    with open_binary(data("mea/exports/mcs_standard_500hz.h5")) as file, open_hdf5(file) as content:
        stream = "Data/Recording_0/AnalogStream/Stream_0"
        assert content.attributes("Data")["ProgramName"] == "Multi Channel Experimenter"
        assert content.attributes(stream)["Label"] == "Filter (1) Filter Data"
        assert content.names("Data/Recording_0") == ["AnalogStream", "EventStream", "SegmentStream", "TimeStampStream"]
        channels = content.table(f"{stream}/InfoChannel", 1000)
        assert channels["Label"].tolist() == [f"E{number}" for number in range(1, 9)]
        assert channels["ConversionFactor"].tolist() == [381_470] * 8
        values = content.lazy(f"{stream}/ChannelData")
        assert (values.shape, values.chunks, values.filters) == ((8, 9850), (8, 2048), (2, 1))
        with h5py.File(file.path, "r") as library:
            np.testing.assert_array_equal(values.read_columns(2000, 4200), library[values.name][:, 2000:4200])
