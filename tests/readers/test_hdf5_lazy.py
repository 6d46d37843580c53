"""Numbers that stay in an HDF5 file until they are asked for: equal to the whole, at speed, or an error."""

from __future__ import annotations

import pickle
import time
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnephys.errors import CorruptHeaderError, MissingFileError, ReadError, TruncatedFileError
from mnephys.readers.binary import open_binary
from mnephys.readers.hdf5.file import open_hdf5
from mnephys.readers.hdf5.lazy import LazyArray

N_CHANNELS, N_SAMPLES = 12, 5000
ways = pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunks": (5, 512)},
        {"chunks": (1, 1000), "compression": "gzip"},
        {"chunks": (12, 700), "compression": "gzip", "shuffle": True, "fletcher32": True},
    ],
    ids=["row", "chunks", "gzip", "all filters"],
)


def lazy(path: Path, name: str) -> LazyArray:
    with open_binary(path) as file, open_hdf5(file) as content:
        return content.lazy(name)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.h5"


@pytest.fixture
def stored() -> np.ndarray:
    return np.random.default_rng(1).integers(-500, 500, (N_CHANNELS, N_SAMPLES)).astype("<i2")


def written(path: Path, stored: np.ndarray, **options) -> LazyArray:
    with h5py.File(path, "w") as file:
        file.create_dataset("raw", data=stored, **options)
    return lazy(path, "raw")


positions = st.one_of(
    st.none(),
    st.lists(st.integers(0, N_CHANNELS - 1), max_size=6),
    st.builds(slice, *[st.one_of(st.none(), st.integers(-20, 20))] * 2, st.sampled_from([None, 1, 2, -1])),
)


@ways
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, N_SAMPLES), st.integers(0, N_SAMPLES), positions)
def test_every_part_is_that_of_the_whole(path, stored, options, first, second, wanted):
    start, stop = sorted((first, second))
    raw = written(path, stored, **options)
    found = raw.read_columns(start, stop, wanted)
    np.testing.assert_array_equal(found, stored[slice(None) if wanted is None else wanted, start:stop])
    assert found.dtype == stored.dtype
    raw = written(path, stored.T, **options and {**options, "chunks": options["chunks"][::-1]})
    np.testing.assert_array_equal(
        raw.read(start, stop, wanted), stored.T[start:stop, slice(None) if wanted is None else wanted]
    )


@ways
def test_one_and_three_dimensions(path, stored, options):
    packing = {name: value for name, value in options.items() if name != "chunks"}
    flat = written(path, stored.ravel(), **packing, **({"chunks": (777,)} if options else {}))
    np.testing.assert_array_equal(flat.read(123, 45_678), stored.ravel()[123:45_678])
    cube = stored.reshape(50, 40, 30)
    waveforms = written(path, cube, **packing, **({"chunks": (7, 11, 13)} if options else {}))
    np.testing.assert_array_equal(waveforms.read(3, 48), cube[3:48])
    for wrong in (
        lambda: waveforms.read(0, 3, [1]),
        lambda: waveforms.read_columns(0, 3),
        lambda: flat.read(0, 3, [0]),
    ):
        with pytest.raises(IndexError, match="has no"):
            wrong()


def test_rows_that_are_long_are_not_read_as_a_whole(path):
    stored = np.arange(3 * 100_000, dtype="<i4").reshape(3, 100_000)
    raw = written(path, stored)
    np.testing.assert_array_equal(raw.read_columns(5, 9), stored[:, 5:9])
    np.testing.assert_array_equal(raw.read_columns(5, 9, [2, 0]), stored[[2, 0], 5:9])
    np.testing.assert_array_equal(raw.read(1, 3, [99_999, 7]), stored[1:3, [99_999, 7]])
    np.testing.assert_array_equal(raw.read(1, 3, slice(7, 70_000)), stored[1:3, 7:70_000])


@ways
def test_what_is_not_in_the_dataset(path, stored, options):
    raw = written(path, stored, **options)
    for wrong in (
        lambda: raw.read(0, N_CHANNELS + 1),
        lambda: raw.read(-1, 2),
        lambda: raw.read(2, 1),
        lambda: raw.read(0, 1, [N_SAMPLES]),
        lambda: raw.read(0, 1, [-1]),
        lambda: raw.read_columns(0, N_SAMPLES + 1),
        lambda: raw.read_columns(0, 1, [N_CHANNELS]),
    ):
        with pytest.raises(IndexError, match="dataset raw, which has"):
            wrong()
    with pytest.raises(TypeError):
        raw.read(0.5, 1)
    with h5py.File(path, "a") as file:
        file["one"] = 1.0
    with pytest.raises(IndexError, match=r"dataset one of shape \(\) has no dimension 0"):
        lazy(path, "one").read(0, 1)


@ways
def test_it_outlives_the_file_and_can_be_pickled(path, stored, options):
    raw = written(path, stored, **options)
    raw.read_columns(0, 600)
    again = pickle.loads(pickle.dumps(raw))  # noqa: S301 -- made a line before
    for one in (raw, again):
        for _ in range(2):
            np.testing.assert_array_equal(one.read_columns(100, 900), stored[:, 100:900])
            one.close()
    assert (again.path, again.name, again.shape, again.dtype) == (str(path), "raw", stored.shape, stored.dtype)
    assert (again.chunks, again.filters) == (raw.chunks, raw.filters)
    assert len(pickle.dumps(raw)) < 2000


@ways
def test_a_file_that_is_not_the_same_any_more(path, stored, options):
    raw = written(path, stored, **options)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(TruncatedFileError, match=r"has \d+ bytes, but had"):
        raw.read(0, 1)
    path.write_bytes(whole + b"\0")
    with pytest.raises(ReadError, match=r"has \d+ bytes, but had"):
        raw.read(0, 1)
    # Of the same length, but another file.
    path.write_bytes(bytes(len(whole)))
    if options:
        with pytest.raises(CorruptHeaderError):
            raw.read(0, 1)
    path.unlink()
    with pytest.raises(MissingFileError):
        raw.read(0, 1)


def test_each_chunk_is_unpacked_once_when_read_one_after_another(path, stored, monkeypatch):
    from mnephys.readers.hdf5 import selections as hdf5_selections

    unpacked, n_chunks = hdf5_selections.unpacked, []
    monkeypatch.setattr(hdf5_selections, "unpacked", lambda *given: n_chunks.append(1) or unpacked(*given))
    raw = written(path, stored, chunks=(4, 512), compression="gzip")
    for start in range(0, N_SAMPLES, 100):
        np.testing.assert_array_equal(raw.read_columns(start, start + 100), stored[:, start : start + 100])
    assert len(n_chunks) == 3 * 10
    raw.read_columns(0, 512, [0, 1])
    assert len(n_chunks) == 30
    raw.close()
    raw.read_columns(0, 512, [0, 1])
    assert len(n_chunks) == 31


def test_a_large_file_opens_like_a_small_one(tmp_path):
    taken = {}
    for size in (12 << 20, 12 << 30):
        path = tmp_path / f"{size}.h5"
        with h5py.File(path, "w") as file:
            plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            plan.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
            space = h5py.h5s.create_simple((768, size // 1536))
            h5py.h5d.create(file.id, b"raw", h5py.h5t.STD_I16LE, space, plan)
        assert path.stat().st_size >= size
        times = []
        for _ in range(20):
            begin = time.perf_counter()
            found = lazy(path, "raw")
            times.append(time.perf_counter() - begin)
        taken[size] = min(times)
        assert found.read_columns(1000, 1002).shape == (768, 2)
        path.unlink()
    small, large = taken.values()
    assert large < 2 * small + 1e-3


def test_numbers_in_a_row_come_as_fast_as_from_a_plain_file(path):
    stored = np.zeros((300_000, 64), "<i2")
    raw = written(path, stored)
    plain = path.with_suffix(".raw")
    stored.tofile(plain)
    step, taken = 20_000, {"own": [], "plain": []}
    for _ in range(5):
        begin = time.perf_counter()
        for start in range(0, len(stored), step):
            raw.read(start, start + step)
        taken["own"].append(time.perf_counter() - begin)
        begin = time.perf_counter()
        for start in range(0, len(stored), step):
            np.fromfile(plain, "<i2", step * 64, offset=start * 128)
        taken["plain"].append(time.perf_counter() - begin)
    # Twice, and more, for machines that do other things at the same time.
    assert min(taken["own"]) < 3 * min(taken["plain"]) + 0.02


def test_only_what_is_asked_for_takes_memory(path):
    stored = np.random.default_rng(0).integers(0, 4, (16, 500_000)).astype("<i2")
    large = written(path, stored, chunks=(16, 4000), compression=1)
    tracemalloc.start()
    try:
        for start in (0, 250_000, 499_000):
            np.testing.assert_array_equal(large.read_columns(start, start + 1000), stored[:, start : start + 1000])
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
