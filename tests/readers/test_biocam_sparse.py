"""Sparse raw voltage of 3Brain: found without a step per range, and the same as step by step."""

from __future__ import annotations

import pickle
import struct
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError
from mnephys.readers.binary import open_binary
from mnephys.readers.biocam.sparse import SparsePart, sparse_ranges
from mnephys.readers.biocam.toc import Toc
from mnephys.readers.hdf5.file import open_hdf5

Kept = tuple[int, int, list[int]]


def packed(kept: list[Kept]) -> bytes:
    """Return a chunk with a block of its own for each run of ranges of one channel."""
    content = b""
    while kept:
        channel, ranges = kept[0][0], b""
        while kept and kept[0][0] == channel:
            _, first, counts = kept[0]
            ranges += struct.pack(f"<qq{len(counts)}H", first, first + len(counts), *counts)
            kept = kept[1:]
        content += struct.pack("<ii", channel, len(ranges)) + ranges
    return content


def found_in(content: bytes, latest: int = 1000) -> list[Kept]:
    ranges = sparse_ranges("a.brw", "chunk 0", np.frombuffer(content, np.uint8), 0, latest)
    return [
        (int(channel), int(first), ranges.words[at : at + stop - first].tolist())
        for channel, first, stop, at in zip(ranges.channel, ranges.first, ranges.stop, ranges.at, strict=True)
    ]


def random_ranges(rng: np.random.Generator, n_ranges: int, highest: int) -> list[Kept]:
    kept = []
    for _ in range(n_ranges):
        size, channel = int(rng.integers(1, 40)), int(rng.integers(0, 5))
        kept.append((channel, int(rng.integers(0, 900)), rng.integers(0, highest, size).tolist()))
    return kept


# Small numbers and zeros look like lengths and frames, which the samples must never be taken for.
@pytest.mark.parametrize("highest", [1, 2, 5, 4096, 65536])
@pytest.mark.parametrize("n_ranges", [0, 1, 2, 3, 17, 300])
def test_what_was_packed_is_found(highest, n_ranges):
    for seed in range(10):
        kept = random_ranges(np.random.default_rng(seed), n_ranges, highest)
        assert found_in(packed(kept)) == kept


def test_samples_that_look_like_a_range_are_none():
    looks = list(struct.unpack("<12H", struct.pack("<qq4H", 3, 7, 1, 2, 3, 4)))
    kept = [(0, 10, looks), (0, 50, looks * 3), (4, 60, [9])]
    assert found_in(packed(kept)) == kept


def test_channels_without_a_range():
    content = struct.pack("<ii", 1, 0) + packed([(2, 5, [7])]) + struct.pack("<ii", 3, 0)
    assert found_in(content) == [(2, 5, [7])]


@given(st.binary(max_size=200), st.integers(0, 40))
def test_any_bytes_are_what_a_walk_finds_in_them(noise, at):
    content = bytearray(packed([(0, 3, [1, 2, 3]), (1, 9, [4]), (1, 20, [5, 6])]))
    content[at : at + len(noise)] = noise
    expected = walked(bytes(content), 1000)
    if expected is None:
        with pytest.raises(CorruptHeaderError, match=r"a\.brw: chunk 0 holds a (channel|range) that is "):
            found_in(bytes(content))
    else:
        assert found_in(bytes(content)) == expected


def walked(content: bytes, latest: int) -> list[Kept] | None:
    """Return what is found range by range; None where a length leads astray."""
    kept, at = [], 0
    while at < len(content):
        if len(content) - at < 8:
            return None
        channel, size = struct.unpack_from("<ii", content, at)
        at, end = at + 8, at + 8 + size
        if size < 0 or size % 2 or end > len(content):
            return None
        while at < end:
            first, stop = struct.unpack_from("<qq", content, at) if end - at >= 16 else (0, 0)
            if not 0 <= first < stop <= latest or at + 16 + 2 * (stop - first) > end:
                return None
            kept.append((channel, first, list(struct.unpack_from(f"<{stop - first}H", content, at + 16))))
            at += 16 + 2 * (stop - first)
    return kept


def test_a_long_chain_is_not_walked():
    # Each range is one sample long, so that as many follow one another as can.
    n_ranges = 400_000
    ranges = np.zeros((n_ranges, 9), "<u2")
    first = np.arange(n_ranges)
    ranges[:, 0], ranges[:, 1] = first & 0xFFFF, first >> 16
    ranges[:, 4], ranges[:, 5] = (first + 1) & 0xFFFF, (first + 1) >> 16
    content = struct.pack("<ii", 0, ranges.nbytes) + ranges.tobytes()
    begin = time.process_time()
    found = sparse_ranges("a.brw", "chunk 0", np.frombuffer(content, np.uint8), 0, n_ranges)
    assert time.process_time() - begin < 2.0
    assert found.first.size == n_ranges


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sparse.brw"


def part_of(path: Path, chunks: list[list[Kept]], toc: list[tuple[int, int]], numbers: list[int]) -> SparsePart:
    pieces = [packed(kept) for kept in chunks]
    with h5py.File(path, "w") as made:
        made["sparse"] = np.frombuffer(b"".join(pieces), np.uint8)
    starts = np.cumsum([0, *(len(piece) for piece in pieces)])
    first, stop = np.array(toc).T
    with open_binary(path) as file, open_hdf5(file) as content:
        array = content.lazy("sparse")
    assert array is not None
    return SparsePart(str(path), array, starts, Toc(first, stop), np.array(numbers), 2048.0, 0.5)


def step_by_step(chunks: list[list[Kept]], toc: list[tuple[int, int]], numbers: list[int]) -> NDArray[np.float64]:
    """Return what the part should give, sample by sample."""
    frames = [frame for first, stop in toc for frame in range(first, stop)]
    sample = {frame: number for number, frame in enumerate(frames)}
    voltage = np.zeros((len(frames), len(numbers)))
    for channel, first, counts in (one for kept in chunks for one in kept):
        for number, count in enumerate(counts):
            voltage[sample[first + number], numbers.index(channel)] = (count - 2048.0) * 0.5
    return voltage


def test_the_signal_is_that_of_a_walk_sample_by_sample(path):
    rng = np.random.default_rng(3)
    toc, numbers = [(100, 300), (300, 450), (1000, 1400)], [4, 0, 2, 1, 3]
    chunks = []
    for first, stop in toc:
        starts = np.sort(rng.integers(first, stop - 20, 30))
        chunks.append([(int(rng.integers(5)), int(at), rng.integers(0, 4096, 20).tolist()) for at in starts])
    # An event at the end of a chunk reaches into the next.
    chunks[0].append((2, 290, rng.integers(0, 4096, 30).tolist()))
    part = part_of(path, chunks, toc, numbers)
    whole = step_by_step(chunks, toc, numbers)
    assert (part.n_samples, part.channels.size) == whole.shape
    every = np.arange(5)
    for start, stop in ((0, 750), (195, 205), (349, 351), (350, 351), (0, 1), (749, 750), (201, 202)):
        np.testing.assert_array_equal(part.read(start, stop, every), whole[start:stop])
    np.testing.assert_array_equal(part.read(10, 700, np.array([3, 1, 3])), whole[10:700, [3, 1, 3]])
    copy = pickle.loads(pickle.dumps(part))  # noqa: S301 -- our own
    np.testing.assert_array_equal(copy.read(0, 750, every), whole)
    part.array.close()
    copy.array.close()


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ((9, 10, [1]), "channels that are not among those"),
        ((0, 95, [1] * 10), "frames that were not recorded"),
        ((0, 120, [1]), "frames that were not recorded"),
        ((0, 400, [1]), "frames outside of it"),
    ],
)
def test_ranges_that_cannot_be_are_refused(path, kept, said):
    part = part_of(path, [[kept], [], []], [(0, 100), (150, 200), (200, 500)], [0, 1])
    with pytest.raises(CorruptHeaderError, match=rf"sparse\.brw: chunk 0 of dataset sparse.*{said}"):
        part.read(0, 10, np.array([0]))
    part.array.close()


def test_a_chunk_of_more_bytes_than_its_frames_can_have(path):
    part = part_of(path, [[(0, 0, [1])] * 100], [(0, 2)], [0])
    with pytest.raises(CorruptHeaderError, match="claims 1808 bytes"):
        part.read(0, 1, np.array([0]))
