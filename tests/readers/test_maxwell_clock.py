"""The frame numbers of MaxWell recordings: where they begin, and their gaps, without reading all of them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from mnephys.readers.binary import open_binary
from mnephys.readers.hdf5.file import open_hdf5
from mnephys.readers.maxwell.clock import Clock, read_clock
from mnephys.readers.maxwell.places import Place

RATE = 20_000.0
NEW = Place("rec0000", 0, "settings", "mapping", "raw", "frame_nos", "channels", "spikes", "events")
OLD = Place("rec0000", 0, "settings", "mapping", "sig", "", "", "spikes", "events")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chip.raw.h5"


def stored(path: Path, frames: NDArray[np.generic]) -> Clock:
    """Return the clock of the later layout."""
    with h5py.File(path, "w") as made:
        made.create_dataset("frame_nos", data=frames, compression="gzip", chunks=(min(frames.size, 10_000),))
    with open_binary(path) as file, open_hdf5(file) as content:
        return read_clock(content, NEW, None, RATE)


def in_rows(path: Path, rows: NDArray[np.uint16]) -> Clock:
    """Return the clock of the old layout, whose last two rows are the frame numbers."""
    with h5py.File(path, "w") as made:
        made["sig"] = rows
    with open_binary(path) as file, open_hdf5(file) as content:
        return read_clock(content, OLD, content.lazy("sig"), RATE)


def rows_of(frames: NDArray[np.int64]) -> NDArray[np.uint16]:
    channels = np.full((6, frames.size), 512)
    return np.concatenate([channels, [frames & 0xFFFF, frames >> 16]]).astype(np.uint16)


def test_frames_without_a_gap(path):
    clock = stored(path, np.arange(5_000, 8_000, dtype=np.uint64))
    assert (clock.first, clock.size, clock.problems) == (5_000, 3_000, ())
    assert clock.segments.tolist() == [(0, 0.0)]


def test_gaps_are_found_wherever_they_are(path):
    # More samples than are read at a time, with gaps at the edges of the pieces and of the recording.
    size = 2_200_000
    at = np.array([1, 2, 1_048_576, 1_048_577, 1_048_578, 2_097_153, size - 1])
    lost = np.zeros(size, np.int64)
    lost[at] = np.array([3, 1, 20, 5, 7, 1_000, 40_000])
    frames = 77 + np.arange(size) + np.cumsum(lost)
    clock = stored(path, frames)
    assert clock.first == 77
    np.testing.assert_array_equal(clock.segments["first"], [0, *at])
    np.testing.assert_allclose(clock.segments["start"], (frames[[0, *at]] - 77) / RATE)


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros(100, np.int64),
        np.arange(100)[::-1].copy(),
        np.concatenate([np.arange(50), np.arange(40, 90), [1_000]]),
        np.array([5, 9, 7, 8, 30]),
        np.arange(100) - 3,
        np.array([0, 1 << 52]),
        np.array([0.5, 1.5]),
    ],
)
def test_frames_that_cannot_be_are_told(path, frames):
    clock = stored(path, frames)
    assert clock.first is None
    assert clock.segments.tolist() == [(0, 0.0)]
    assert len(clock.problems) == 1


@pytest.mark.parametrize("first", [0, 65_500, 1 << 31])
def test_frames_in_the_last_two_rows(path, first):
    clock = in_rows(path, rows_of(first + np.arange(300)))
    assert (clock.first, clock.size, clock.problems) == (first, 300, ())
    gap = first + np.arange(300) + 1_000 * (np.arange(300) >= 120)
    clock = in_rows(path, rows_of(gap))
    assert clock.first == first
    assert clock.segments.tolist() == [(0, 0.0), (120, 1_120 / RATE)]


@pytest.mark.parametrize("seed", range(20))
def test_rows_of_voltage_are_no_frames(path, seed):
    clock = in_rows(path, np.random.default_rng(seed).integers(300, 700, (8, 300)).astype(np.uint16))
    assert (clock.first, clock.segments.tolist(), clock.problems) == (None, [(0, 0.0)], ())


@pytest.mark.parametrize("shape", [(2, 300), (8, 1)])
def test_too_few_rows_or_samples_for_frames(path, shape):
    assert in_rows(path, np.ones(shape, np.uint16)).first is None
