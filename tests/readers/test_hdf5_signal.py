"""Raw voltage of HDF5 datasets: every order of axes gives the same signal, in pieces and side by side."""

from __future__ import annotations

import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest

from mnephys.errors import CorruptHeaderError
from mnephys.readers.binary import open_binary
from mnephys.readers.hdf5.file import open_hdf5
from mnephys.readers.hdf5.numbers import whole_numbers
from mnephys.readers.hdf5.signal import Hdf5Signal
from mnephys.readers.hdf5.signal_parts import Order, SignalPart
from mnephys.recording.signal import whole_segment

N_SAMPLES, N_CHANNELS = 500, 6
ORDERS = {
    Order.CHANNELS_FIRST: lambda frames: frames.T,
    Order.FRAMES_FIRST: lambda frames: frames,
    Order.FLAT_FRAMES: lambda frames: frames.ravel(),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "raw.h5"


def numbers(dtype=np.int32) -> np.ndarray:
    info = np.iinfo(dtype)
    low, high = max(info.min, -(1 << 22)), min(info.max, 1 << 22)
    return np.random.default_rng(1).integers(low, high, (N_SAMPLES, N_CHANNELS), dtype=dtype)


def lazily(path: Path, **datasets):
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            chunks = tuple(min(64, extent) for extent in values.shape)
            file.create_dataset(name, data=values, chunks=chunks, compression="gzip")
    with open_binary(path) as file, open_hdf5(file) as content:
        return [content.lazy(name) for name in datasets]


def part(array, order, channels=range(N_CHANNELS)) -> SignalPart:
    rows = np.array(channels)
    width = N_CHANNELS if order is Order.FLAT_FRAMES else 0
    return SignalPart(array, order, rows, 100.5 + rows, np.array([(-1) ** row * (row + 0.25) for row in rows]), width)


def voltages(frames, channels=range(N_CHANNELS)):
    rows = np.array(channels)
    return (frames[:, rows].astype(float) - 100.5 - rows) * np.array([(-1) ** row * (row + 0.25) for row in rows])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [np.int32, np.uint16, np.int16])
@pytest.mark.parametrize("channels", [range(N_CHANNELS), [4, 0, 5], [2], [1, 2, 3]])
def test_every_order_gives_the_same_signal(path, order, dtype, channels):
    frames = numbers(dtype)
    (array,) = lazily(path, raw=ORDERS[order](frames))
    signal = Hdf5Signal([part(array, order, channels)], 20_000.0, whole_segment(), np.arange(len(channels)))
    expected = voltages(frames, channels)
    assert signal.shape == (N_SAMPLES, len(channels))
    for start, stop in ((0, N_SAMPLES), (63, 65), (499, 500), (7, 7)):
        found = signal.read(start, stop)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected[start:stop], rtol=1e-6, atol=1e-4)
    last_first = range(len(channels))[::-1]
    np.testing.assert_allclose(signal.read(5, 9, last_first), expected[5:9][:, list(last_first)], rtol=1e-6, atol=1e-4)
    signal.close()


@pytest.mark.parametrize("order", ORDERS)
def test_parts_stand_side_by_side_as_long_as_the_shortest(path, order):
    frames = numbers()
    arrays = lazily(path, a=ORDERS[order](frames), b=ORDERS[order](frames[:300]))
    parts = [part(arrays[0], order, [5, 1]), part(arrays[1], order, [0, 2, 3])]
    signal = Hdf5Signal(parts, 20_000.0, whole_segment(), np.arange(5))
    expected = voltages(frames[:300], [5, 1, 0, 2, 3])
    assert signal.shape == (300, 5)
    np.testing.assert_allclose(signal.read(0, 300), expected, rtol=1e-6, atol=1e-4)
    for channels in ([4, 0, 3], [1], [2, 2], [], slice(1, 4), slice(None, None, -2)):
        index = channels if isinstance(channels, slice) else list(channels)
        np.testing.assert_allclose(signal.read(10, 20, channels), expected[10:20][:, index], rtol=1e-6, atol=1e-4)
    signal.close()


def test_what_is_outside_is_refused(path):
    (array,) = lazily(path, raw=numbers())
    signal = Hdf5Signal([part(array, Order.FRAMES_FIRST)], 20_000.0, whole_segment(), np.arange(N_CHANNELS))
    for start, stop in ((-1, 3), (4, 3), (0, N_SAMPLES + 1)):
        with pytest.raises(IndexError, match="not in a signal of 500 samples"):
            signal.read(start, stop)
    for channels in ([N_CHANNELS], [-1]):
        with pytest.raises(IndexError, match="a signal of 6 channels"):
            signal.read(0, 1, channels)


def test_large_numbers_keep_their_last_bit(path):
    zero = 1 << 30
    (array,) = lazily(path, raw=np.array([[zero + 1, zero + 2, zero - 3]], np.int32).T)
    signal = Hdf5Signal([SignalPart(array, Order.FRAMES_FIRST, [0], [zero], [1.0])], 1000.0, whole_segment(), [0])
    assert signal.read(0, 3)[:, 0].tolist() == [1.0, 2.0, -3.0]


def test_numbers_beyond_float32_are_infinite(path):
    (array,) = lazily(path, raw=np.array([[1e39, -1e308, 2.5, np.nan]]).T)
    signal = Hdf5Signal([SignalPart(array, Order.FRAMES_FIRST, [0], [0.0], [1e6])], 1000.0, whole_segment(), [0])
    np.testing.assert_array_equal(signal.read(0, 4)[:, 0], np.float32([np.inf, -np.inf, 2.5e6, np.nan]))


def test_a_signal_travels_and_opens_its_file_again(path):
    frames = numbers()
    (array,) = lazily(path, raw=frames.T)
    signal = Hdf5Signal([part(array, Order.CHANNELS_FIRST)], 20_000.0, whole_segment(), np.arange(N_CHANNELS))
    signal.read(0, 10)
    copy = pickle.loads(pickle.dumps(signal))  # noqa: S301 -- ours
    np.testing.assert_array_equal(copy.read(100, 200), signal.read(100, 200))
    signal.close()
    np.testing.assert_array_equal(copy.read(100, 200), signal.read(100, 200))
    assert repr(copy) == "Hdf5Signal: 500 samples x 6 channels at 20000 Hz"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channels": [0, N_CHANNELS]}, "holds 6 channels"),
        ({"channels": [-1, 0]}, "holds 6 channels"),
        ({"channels": [1, 1]}, "asked for twice"),
        ({"offset": [0.0]}, "offset needs 2 finite values"),
        ({"scale_uv": [1.0, np.nan]}, "scale_uv needs 2 finite values"),
        ({"order": Order.FLAT_FRAMES}, "has no flat frames"),
    ],
)
def test_parts_that_cannot_be(path, change, message):
    (array,) = lazily(path, raw=numbers())
    given = {"order": Order.FRAMES_FIRST, "channels": [0, 1], "offset": [0, 0], "scale_uv": [1, 1]} | change
    with pytest.raises(ValueError, match=message):
        SignalPart(array, **given)


def test_signals_that_cannot_be(path):
    (array,) = lazily(path, raw=numbers())
    for parts, electrodes in (([], []), ([part(array, Order.FRAMES_FIRST)], [0, 1])):
        with pytest.raises(ValueError, match="cannot have"):
            Hdf5Signal(parts, 1000.0, whole_segment(), electrodes)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_whole_numbers_of_every_precision(dtype):
    assert whole_numbers("a.h5", "frames", np.array([0.0, 2048.0], dtype)).tolist() == [0, 2048]
    for wrong in (np.inf, np.nan, 0.5):
        with pytest.raises(CorruptHeaderError, match="no whole number"):
            whole_numbers("a.h5", "frames", np.array([1.0, wrong], dtype))
