"""Raw voltage of AxIS files in pieces: any piece is the intended counts times the scale, and costs only itself."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readers.axis_outcomes import channel_names, counts_of, read_path, voltage, write
from readers.builders.axis_data import RATE, SCALE, continuous, split_continuous
from readers.builders.axis_file import channel_array, compose, legacy_file, sparse_raw
from readers.builders.axis_plates import CYTOVIEW_24, CYTOVIEW_48, SIX_WELLS

from mnephys.errors import ReadError

CHANNELS = CYTOVIEW_24.channels()
N_SAMPLES, N_CHANNELS = 700, 384
COUNTS = counts_of(N_SAMPLES, CHANNELS)
MICROVOLTS = COUNTS * (SCALE * 1e6)
TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module", params=["combined", "split", "legacy", "float64"])
def recording(request, tmp_path_factory):
    array = channel_array(CYTOVIEW_24)
    file = {
        "combined": lambda: compose(array, continuous(COUNTS, CHANNELS)),
        "split": lambda: compose(array, split_continuous(COUNTS)),
        "legacy": lambda: legacy_file(COUNTS, CYTOVIEW_24),
        "float64": lambda: compose(array, continuous(COUNTS, CHANNELS, sample_type=3)),
    }[request.param]()
    (found,) = read_path(write(file, tmp_path_factory.mktemp(request.param)))
    return found


@pytest.fixture(scope="module")
def expected(recording):
    """The voltage in the order of the signal's own channels."""
    column_of = {name: i for i, name in enumerate(CYTOVIEW_24.electrodes)}
    return MICROVOLTS[:, [column_of[name] for name in channel_names(recording)]]


def assert_same(found, wanted):
    assert found.dtype == np.float32
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9)


# --- any piece ---


def test_the_signal_describes_itself(recording):
    signal = recording.signal
    assert signal.shape == (N_SAMPLES, N_CHANNELS)
    assert signal.sampling_rate == RATE
    assert signal.electrodes.shape == (N_CHANNELS,)
    assert sorted(signal.electrodes.tolist()) == sorted(set(signal.electrodes.tolist()))
    assert signal.segments.tolist() == [(0, 0.0)]


@settings(max_examples=100, deadline=None)
@given(ends=st.tuples(st.integers(0, N_SAMPLES), st.integers(0, N_SAMPLES)).map(sorted))
def test_any_samples(recording, expected, ends):
    start, stop = ends
    assert_same(recording.signal.read(start, stop), expected[start:stop])


@settings(max_examples=100, deadline=None)
@given(
    ends=st.tuples(st.integers(0, N_SAMPLES), st.integers(0, N_SAMPLES)).map(sorted),
    channels=st.lists(st.integers(0, N_CHANNELS - 1), max_size=40),
)
def test_any_channels(recording, expected, ends, channels):
    start, stop = ends
    assert_same(recording.signal.read(start, stop, channels), expected[start:stop, channels])


@settings(max_examples=100, deadline=None)
@given(
    ends=st.tuples(st.integers(0, N_SAMPLES), st.integers(0, N_SAMPLES)).map(sorted),
    channels=st.slices(N_CHANNELS),
)
def test_any_slice_of_channels(recording, expected, ends, channels):
    start, stop = ends
    assert_same(recording.signal.read(start, stop, channels), expected[start:stop, channels])


def test_channels_as_arrays_and_tuples(recording, expected):
    for channels in (np.array([5, 3, 3]), (0, N_CHANNELS - 1), range(4), [7]):
        assert_same(recording.signal.read(10, 20, channels), expected[10:20, list(channels)])


def test_pieces_make_up_the_whole(recording, expected):
    edges = [0, 1, 2, 100, 355, 699, N_SAMPLES]
    pieces = [recording.signal.read(a, b) for a, b in pairwise(edges)]
    assert_same(np.concatenate(pieces), expected)


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (0, N_SAMPLES + 1), (N_SAMPLES + 1, N_SAMPLES + 2), (0, 10**15)])
def test_samples_outside_are_an_error(recording, start, stop):
    with pytest.raises(IndexError):
        recording.signal.read(start, stop)


@pytest.mark.parametrize("channels", [[N_CHANNELS], [0, 10**9]])
def test_channels_outside_are_an_error(recording, channels):
    with pytest.raises(IndexError):
        recording.signal.read(0, 5, channels)


def test_what_was_read_is_not_shared(recording, expected):
    piece = recording.signal.read(0, 10)
    piece[:] = 0
    assert_same(recording.signal.read(0, 10), expected[:10])


# --- the life of a signal ---


def test_a_signal_reads_on_after_it_was_closed(recording, expected):
    recording.signal.close()
    recording.signal.close()
    assert_same(recording.signal.read(3, 9), expected[3:9])


def test_a_signal_can_be_sent_to_another_process(recording, expected):
    recording.signal.read(0, 1)
    raw = pickle.dumps(recording.signal)
    assert len(raw) < 200_000
    again = pickle.loads(raw)  # noqa: S301 -- made in the lines before
    assert again.shape == recording.signal.shape
    assert again.sampling_rate == recording.signal.sampling_rate
    np.testing.assert_array_equal(again.electrodes, recording.signal.electrodes)
    assert_same(again.read(0, N_SAMPLES), expected)
    assert_same(recording.signal.read(0, 5), expected[:5])


def test_no_file_is_left_open(tmp_path):
    path = write(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS)), tmp_path)
    (recording,) = read_path(path)
    recording.signal.read(0, 5)
    recording.signal.close()
    opened = [link.resolve() for link in Path("/proc/self/fd").iterdir() if link.exists()]
    assert path.resolve() not in opened


CHANGED = """
import pickle, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from mnephys.errors import ReadError
from readers.axis_outcomes import read_path

path = Path(sys.argv[1])
change = sys.argv[2]
recording, = read_path(path)
signal = recording.signal
n = signal.shape[0]
if sys.argv[3] == "used":
    signal.read(0, n)
if sys.argv[3] == "pickled":
    signal = pickle.loads(pickle.dumps(signal))
size = path.stat().st_size
if change == "half":
    with path.open("r+b") as handle: handle.truncate(size // 2)
elif change == "byte":
    with path.open("r+b") as handle: handle.truncate(size - 1)
elif change == "empty":
    with path.open("r+b") as handle: handle.truncate(0)
elif change == "longer":
    with path.open("ab") as handle: handle.write(bytes(1000))
elif change == "gone":
    path.unlink()
    signal.close()
for a, b in ((n - 2, n), (0, n), (0, 1)):
    try:
        signal.read(a, b)
    except ReadError as error:
        assert str(path) in str(error) and "\\n" not in str(error)
        print("ReadError")
    else:
        print("read")
"""


@pytest.mark.parametrize("state", ["fresh", "used", "pickled"])
@pytest.mark.parametrize("change", ["half", "byte", "empty", "longer", "gone"])
def test_a_file_that_changed_since_is_an_error_and_no_crash(tmp_path, change, state):
    path = write(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS)), tmp_path)
    script = CHANGED.format(tests=str(TESTS))
    done = subprocess.run(
        [sys.executable, "-c", script, path, change, state], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["ReadError"] * 3


# --- what it costs ---

SMALL, LARGE = 12_000_000, 12_000_000_000


@pytest.fixture(scope="module")
def sparse(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sparse")
    paths = {size: folder / f"{size}.raw" for size in (SMALL, LARGE)}
    for size, path in paths.items():
        sparse_raw(path, size)
    assert paths[LARGE].stat().st_blocks * 512 < SMALL
    return paths


def test_opening_does_not_take_longer_for_a_large_file(sparse):
    # Of the processor: what else the machine does has no say.
    seconds = {size: [] for size in sparse}
    for _ in range(9):
        for size, path in sparse.items():
            begin = time.process_time()
            (recording,) = read_path(path)
            seconds[size].append(time.process_time() - begin)
            assert recording.signal.shape == (size // 1536, 768)
            assert recording.duration == pytest.approx(size // 1536 / RATE)
    assert min(seconds[LARGE]) < 1.5 * min(seconds[SMALL]) + 0.005


def test_a_large_file_takes_little_memory(sparse):
    read_path(sparse[SMALL])
    tracemalloc.start()
    (recording,) = read_path(sparse[LARGE])
    last = recording.signal.shape[0]
    begin = time.perf_counter()
    for start in (0, last // 2, last - 1000):
        assert not recording.signal.read(start, start + 1000).any()
    assert time.perf_counter() - begin < 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 24 << 20


def test_few_channels_of_a_long_stretch_take_little_memory(sparse):
    (recording,) = read_path(sparse[SMALL])
    tracemalloc.start()
    found = recording.signal.read(0, recording.signal.shape[0], [3])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.shape == (SMALL // 1536, 1)
    assert peak < 16 << 20


@pytest.mark.parametrize("plate", [CYTOVIEW_48, SIX_WELLS], ids=lambda plate: hex(plate.type))
def test_the_last_samples_of_a_file_beyond_four_gigabytes(tmp_path, plate):
    path = tmp_path / "plate.raw"
    file = sparse_raw(path, 5_000_000_000, plate)
    n_channels = len(plate.electrodes)
    last = np.arange(1, n_channels + 1, dtype="<i2")
    with path.open("r+b") as handle:
        handle.seek(file.size - last.nbytes)
        handle.write(last.tobytes())
    (recording,) = read_path(path)
    n_samples = recording.signal.shape[0]
    found = voltage(recording, n_samples - 2, n_samples)
    for name, count in zip(plate.electrodes, last, strict=True):
        np.testing.assert_allclose(found[name], [0, count * SCALE * 1e6], rtol=1e-6)


def test_a_file_that_is_gone_is_named(tmp_path):
    path = write(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS)), tmp_path)
    (recording,) = read_path(path)
    recording.signal.close()
    path.unlink()
    with pytest.raises(ReadError, match=r"plate\.raw"):
        recording.signal.read(0, 1)
