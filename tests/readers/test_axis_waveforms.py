"""Waveforms of AxIS files, read again by position: any selection, as stored, and what a file that changed does."""

from __future__ import annotations

import copy
import os
import pickle
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readers.axis_outcomes import read_path, write
from readers.builders.axis_data import many_spikes
from readers.builders.axis_file import channel_array, compose
from readers.builders.axis_plates import CYTOVIEW_24

from mnephys.errors import MissingFileError, ReadError, TruncatedFileError
from mnephys.readers.axis import reopened, waveforms
from mnephys.readers.axis.waveforms import AxisWaveforms

N_SPIKES = 40_000
NO_PIPES = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")


@pytest.fixture
def path(tmp_path):
    return write(compose(channel_array(CYTOVIEW_24), many_spikes(N_SPIKES, CYTOVIEW_24.channels())), tmp_path, "a.spk")


@pytest.fixture
def trains(path):
    return read_path(path)[0].trains


def picked(held: AxisWaveforms) -> np.ndarray:
    """Return all waveforms as stored, of all records at once."""
    records = np.fromfile(held.path, held.record, held.n_records, offset=held.start)
    return records["waveform"][held.records]


def one_electrode(trains) -> slice:
    return slice(int(trains.offsets[100]), int(trains.offsets[101]))


@pytest.fixture
def reads(monkeypatch):
    """Note the first byte and the number of bytes of every read."""
    noted = []

    def noting(handle, offset, place):
        noted.append((offset, place.nbytes))
        reopened.fill(handle, offset, place)

    monkeypatch.setattr(waveforms, "fill", noting)
    return noted


# --- which ---

LEAD = b"xyz"


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_records=st.integers(1, 60),
    dtype=st.sampled_from(["<i2", "<i4", "<f4", "<f8"]),
    piece=st.integers(1, 400),
    gap=st.integers(0, 200),
)
def test_any_selection_is_as_stored(tmp_path_factory, seed, n_records, dtype, piece, gap):
    rng = np.random.default_rng(seed)
    record = np.dtype([("sample", "<i8"), ("reserved", "u1", (int(rng.integers(4)),)), ("waveform", dtype, (3,))])
    stored = np.zeros(n_records, record)
    stored["waveform"] = rng.integers(-3000, 3000, (n_records, 3))
    path = tmp_path_factory.mktemp("any") / "any.spk"
    path.write_bytes(LEAD + stored.tobytes() + b"more")
    order = rng.integers(n_records, size=int(rng.integers(1, 80))).astype(rng.choice(["u4", "i8"]))
    size = path.stat().st_size
    held = AxisWaveforms(str(path), size, len(LEAD), n_records, record, order, -0.05, 12500.0, 0.0)
    expected = stored["waveform"][order]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waveforms, "_PIECE_BYTES", piece)
        patch.setattr(waveforms, "_GAP_BYTES", gap)
        choices = (slice(None), slice(None, None, -2), int(rng.integers(order.size)), rng.random(order.size) < 0.3)
        for rows in (*choices, [-1, 0, 0], rng.integers(order.size, size=(2, 3)), np.zeros(0, int)):
            counts, microvolts = held.read_counts(rows), held[rows]
            assert counts.dtype == np.dtype(dtype)
            assert microvolts.dtype == np.float32
            np.testing.assert_array_equal(counts, expected[rows])
            np.testing.assert_allclose(microvolts, expected[rows] * -0.05, rtol=1e-6)


def test_one_electrode_and_all_are_as_stored(trains):
    held, expected = trains.waveforms, picked(trains.waveforms)
    np.testing.assert_array_equal(held.read_counts(one_electrode(trains)), expected[one_electrode(trains)])
    np.testing.assert_array_equal(held.read_counts(slice(None)), expected)
    np.testing.assert_allclose(held[:], expected * held.microvolts, rtol=1e-6)


@pytest.mark.parametrize("rows", [N_SPIKES, -N_SPIKES - 1, [0, N_SPIKES]])
def test_a_spike_that_is_not_there(trains, rows):
    with pytest.raises(IndexError, match=str(N_SPIKES)):
        trains.waveforms[rows]


def test_values_that_float32_does_not_hold_are_infinite(tmp_path):
    record = np.dtype([("waveform", "<f8", (2,))])
    path = tmp_path / "large.spk"
    path.write_bytes(np.array([([1e300, -1e300],)], record).tobytes())
    held = AxisWaveforms(str(path), 16, 0, 1, record, np.array([0]), 1.0, 12500.0, 0.0)
    assert held[0].tolist() == [np.inf, -np.inf]


def test_copies_read_on(trains):
    expected = trains.waveforms[:50]
    for again in (
        copy.copy(trains.waveforms),
        copy.deepcopy(trains.waveforms),
        pickle.loads(pickle.dumps(trains.waveforms)),  # noqa: S301 -- made in the line itself
    ):
        np.testing.assert_array_equal(again[:50], expected)


# --- what it costs ---


def test_no_byte_is_read_twice(trains, reads):
    held = trains.waveforms
    held[np.random.default_rng(8).permutation(np.repeat(np.arange(N_SPIKES), 2))]
    read = np.array(reads)
    assert (np.diff(read[:, 0]) >= read[:-1, 1]).all()
    assert read[:, 1].sum() == N_SPIKES * held.record.itemsize


def test_one_electrode_costs_no_more_than_its_own_records(trains, reads):
    rows = one_electrode(trains)
    trains.waveforms[rows]
    n_bytes = sum(length for _, length in reads)
    n_spikes, itemsize = rows.stop - rows.start, trains.waveforms.record.itemsize
    assert n_spikes > 50
    assert n_bytes < n_spikes * (itemsize + waveforms._GAP_BYTES)
    assert n_bytes < 0.25 * N_SPIKES * itemsize


def test_close_records_are_read_together(trains, reads):
    held = replace(trains.waveforms, records=np.arange(0, N_SPIKES, 2))
    held[:]
    n_pieces = -(-N_SPIKES // (waveforms._PIECE_BYTES // held.record.itemsize))
    assert len(reads) == n_pieces


def test_a_sparse_selection_takes_little_memory(trains):
    rows = one_electrode(trains)
    tracemalloc.start()
    trains.waveforms[rows]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < waveforms._PIECE_BYTES + (1 << 18)
    assert peak < trains.waveforms.size / 3


# --- what a file does that changed since ---


@pytest.mark.parametrize("length", [0, 1, -1])
def test_a_file_that_became_shorter(path, trains, length):
    os.truncate(path, length if length >= 0 else trains.waveforms.size - 1)
    for rows in (0, slice(None), one_electrode(trains)):
        with pytest.raises(TruncatedFileError, match=r"a\.spk: was \d+ bytes long when it was opened"):
            trains.waveforms[rows]


def test_a_file_that_becomes_shorter_while_it_is_read(path, trains, monkeypatch):
    # Its length is right when it is opened; only then the second half goes.
    monkeypatch.setattr(reopened, "check_same_size", lambda *_: os.truncate(path, trains.waveforms.size // 2))
    for read in (trains.waveforms.__getitem__, trains.waveforms.read_counts):
        with pytest.raises(TruncatedFileError, match="became shorter while it was read"):
            read(slice(None))


def test_a_file_that_became_longer(path, trains):
    with path.open("ab") as handle:
        handle.write(b"more")
    with pytest.raises(ReadError, match="open it again"):
        trains.waveforms[0]


def test_a_file_that_is_gone(path, trains):
    path.unlink()
    with pytest.raises(MissingFileError, match=r"a\.spk: does not exist any more"):
        trains.waveforms[0]


def pipe(path):
    os.mkfifo(path)


@pytest.mark.parametrize("make", [Path.mkdir, pytest.param(pipe, marks=NO_PIPES)])
def test_a_file_in_the_place_of_which_something_else_is(path, trains, make):
    path.unlink()
    make(path)
    with pytest.raises(ReadError, match="is no file any more"):
        trains.waveforms[0]


def test_a_file_that_cannot_be_opened_any_more(trains, monkeypatch):
    def failing(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(reopened, "FileIO", failing)
    with pytest.raises(ReadError, match="cannot be opened any more: Permission denied"):
        trains.waveforms[0]


def test_a_disk_that_fails(trains, monkeypatch):
    def failing(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(waveforms, "fill", failing)
    with pytest.raises(ReadError, match="cannot be read any more: Input/output error"):
        trains.waveforms[0]
