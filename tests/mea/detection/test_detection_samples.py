"""Samples by position: ends that go on, blanks, memory maps, gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.plain_detection import bridged
from signals import RATE as SIGNAL_RATE
from signals import Counted, Memory

from mnephys.mea.detection.samples import as_samples
from mnephys.recording.signal import SEGMENT

RATE = 1000.0
NONE = np.zeros((0, 2))


def stretch(values, blank=NONE):
    (samples,), _, _ = as_samples(values, RATE, np.asarray(blank, float).reshape(-1, 2))
    return samples


@given(st.integers(1, 30), st.integers(-50, 80), st.integers(1, 60))
def test_ends_go_on(n, start, length):
    values = np.arange(2 * n, dtype=np.int16).reshape(n, 2)
    made = stretch(values).read(start, start + length)
    expected = [values[min(max(i, 0), n - 1)].tolist() for i in range(start, start + length)]
    assert made.tolist() == expected
    assert made.dtype == np.int16
    assert made.flags.c_contiguous


@given(
    st.lists(st.tuples(st.integers(0, 59), st.integers(0, 30)), max_size=4), st.integers(-10, 65), st.integers(1, 40)
)
def test_blanks_are_lines_whatever_is_read(edges, start, length):
    values = np.random.default_rng(0).normal(size=(60, 1)).astype(np.float32)
    # Between samples, so that no rounding decides which are in.
    blank = [((first + 0.5) / RATE, (first + 1.5 + more) / RATE) for first, more in edges]
    samples = stretch(values, blank)
    inside = np.zeros(60, bool)
    for first, more in edges:
        inside[first : first + more + 3] |= first < 59
    runs = np.flatnonzero(np.diff(np.concatenate([[0], inside, [0]]))).reshape(-1, 2)
    joined = [(int(a), int(b) - 1) for a, b in runs]
    found = samples.blanks.tolist()
    # Blanks that lie side by side may be one or two: the line breaks at a sample that is kept.
    assert {i for a, b in found for i in range(a, b + 1)} == {i for a, b in joined for i in range(a, b + 1)}
    expected = bridged(values[:, 0].tolist(), found)
    made = samples.read(start, start + length)[:, 0]
    assert np.allclose(made, expected[np.clip(np.arange(start, start + length), 0, 59)], atol=1e-6)
    assert samples.blanked(np.arange(60)).tolist() == inside.tolist()


def test_memory_map_is_read_as_its_array(tmp_path):
    values = np.random.default_rng(0).integers(-99, 99, (500, 3)).astype(np.int16)
    path = tmp_path / "signal.bin"
    path.write_bytes(b"headr!" + values.tobytes())
    mapped = np.memmap(path, np.int16, "r", offset=6, shape=(500, 3))
    assert np.array_equal(stretch(mapped).read(-5, 505), stretch(values).read(-5, 505))
    # A part of a map begins elsewhere in the file than the map.
    assert np.array_equal(stretch(mapped[100:300]).read(0, 200), values[100:300])
    assert np.array_equal(stretch(mapped[:, 1:]).read(0, 500), values[:, 1:])


def test_map_written_to_is_read_as_it_is_now(tmp_path):
    mapped = np.memmap(tmp_path / "signal.bin", np.int16, "w+", shape=(50, 2))
    mapped[:] = 7
    assert (stretch(mapped).read(0, 50) == 7).all()


@pytest.mark.parametrize("dtype", [">i2", np.int32, np.float64, np.uint16])
def test_other_types_become_float(dtype):
    values = np.arange(6).reshape(3, 2).astype(dtype)
    made = stretch(values).read(0, 3)
    assert made.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert made.dtype in (np.int16, np.float32)


def test_gaps_part_a_signal():
    signal = Memory(np.array([(0, 1.0), (1000, 5.0)], SEGMENT), range(4))
    stretches, rate, n_channels = as_samples(signal, None, np.array([[5.0001, 5.001]]))
    assert [(each.size, each.start, each.blanks.size > 0) for each in stretches] == [
        (1000, 1.0, False),
        (2000, 5.0, True),
    ]
    assert (rate, n_channels) == (12500.0, 4)
    # No stretch reads what lies beyond its gap.
    assert (stretches[0].read(998, 1005)[:, 0] == [998, 999, 999, 999, 999, 999, 999]).all()
    assert (stretches[1].read(-2, 1)[:, 0] == 1000).all()


def test_what_is_no_signal_is_refused():
    for bad in (np.zeros(5), np.zeros((2, 2, 2)), np.zeros((5, 2), complex), np.zeros((5, 2), bool)):
        with pytest.raises(ValueError, match="samples by channels"):
            as_samples(bad, RATE, NONE)
    with pytest.raises(ValueError, match="sampling rate"):
        as_samples(np.zeros((5, 2)), None, NONE)
    with pytest.raises(ValueError, match="12500"):
        as_samples(Memory(np.array([(0, 1.0)], SEGMENT), range(4)), 25000.0, NONE)


@pytest.mark.parametrize(
    ("dtype", "microvolts", "as_counts"),
    [(np.int16, -0.25, True), (np.int16, 0.0, False), (np.int32, 0.5, False), (">i2", 0.5, False)],
)
def test_counts_of_16_bits_are_read_as_they_are_stored(dtype, microvolts, as_counts):
    counts = np.arange(10).reshape(5, 2).astype(dtype)
    (samples,), rate, n_channels = as_samples(Counted(counts, microvolts), None, NONE)
    assert samples.unit == (microvolts if as_counts else 1.0)
    assert samples.read(0, 5).dtype == (np.int16 if as_counts else np.float32)
    assert np.array_equal(samples.read(0, 5) * samples.unit, counts * microvolts)
    assert (rate, n_channels) == (SIGNAL_RATE, 2)
