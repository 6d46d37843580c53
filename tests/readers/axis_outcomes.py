"""Read AxIS files from outside, and put what came out beside what went in, by the names of the electrodes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from readers.builders.axis_data import spike_dtype
from readers.builders.axis_file import AxisFile
from readers.builders.axis_plates import names

from mnephys.errors import ReadError
from mnephys.readers import read_all
from mnephys.recording import PlateRecording


def read_path(path: Path) -> list[PlateRecording]:
    """Return all recordings of a file, each checked for what holds of any."""
    recordings = read_all(path)
    assert recordings
    for recording in recordings:
        assert isinstance(recording, PlateRecording)
        assert recording.trains is not None or recording.signal is not None
        assert recording.provenance.path == str(path)
        assert recording.provenance.size == path.stat().st_size
        assert all(problem and "\n" not in problem for problem in recording.problems)
        assert len(set(electrodes(recording))) == recording.electrodes.size
        json.dumps(dict(recording.metadata))
        times = [at for at, _ in recording.events]
        assert np.isfinite(times).all()
        assert times == sorted(times)
    return recordings


def outcome(path: Path) -> list[PlateRecording] | ReadError:
    """Return what a damaged file gave: within 2 s, recordings or an error of one line that names the file."""
    begin = time.perf_counter()
    try:
        found: list[PlateRecording] | ReadError = read_path(path)
    except ReadError as error:
        found = error
    assert time.perf_counter() - begin < 2
    if isinstance(found, ReadError):
        assert str(path) in str(found)
        assert "\n" not in str(found)
    return found


def told(found: list[PlateRecording] | ReadError) -> bool:
    """Whether what was wrong with a file was said."""
    return isinstance(found, ReadError) or any(recording.problems for recording in found)


def electrodes(recording: PlateRecording) -> list[str]:
    return [f"{well}_{label}" for well, label in recording.electrodes[["well", "label"]].tolist()]


def enabled(recording: PlateRecording) -> set[str]:
    flags = recording.electrodes["enabled"].tolist()
    return {name for name, on in zip(electrodes(recording), flags, strict=True) if on}


def channel_names(recording: PlateRecording) -> list[str]:
    """Return the electrode of each channel of the signal."""
    every = electrodes(recording)
    return [every[row] for row in recording.signal.electrodes]


def voltage(recording: PlateRecording, start: int = 0, stop: int | None = None) -> dict[str, NDArray[np.float32]]:
    """Return the signal of each electrode, in uV."""
    signal = recording.signal
    block = signal.read(start, signal.shape[0] if stop is None else stop)
    assert block.dtype == np.float32
    assert block.shape[1] == signal.shape[1] == len(set(channel_names(recording)))
    return dict(zip(channel_names(recording), block.T, strict=True))


def counts_of(n_samples: int, channels: NDArray[np.void], seed: int = 1) -> NDArray[np.int64]:
    """Return counts that differ from channel to channel, within what an amplifier gives."""
    return np.random.default_rng(seed).integers(-3000, 3000, (n_samples, channels.size))


def assert_voltage(
    recording: PlateRecording, counts: NDArray, channels: NDArray[np.void], scale: float, start: int = 0
) -> None:
    """Compare samples from `start` on with counts, whose columns belong to `channels`."""
    found = voltage(recording, start, start + len(counts))
    assert set(found) == set(names(channels))
    for name, column in zip(names(channels), counts.T, strict=True):
        np.testing.assert_allclose(found[name], column * (scale * 1e6), rtol=1e-6, atol=1e-9, err_msg=name)


def records_of(
    fired: Mapping[str, Iterable[int]], channels: NDArray[np.void], *, trigger: int = 11, n_samples: int = 38, **dtype
) -> NDArray[np.void]:
    """Return spike records in the order of their samples; `fired` gives for electrodes the samples of their triggers.

    Each waveform has its one extreme at the trigger, of a size of its own.
    """
    row_of = dict(zip(names(channels), channels, strict=True))
    fired_at = sorted((sample, name) for name, samples in fired.items() for sample in samples)
    records = np.zeros(len(fired_at), spike_dtype(n_samples, **dtype))
    for i, (sample, name) in enumerate(fired_at):
        records[i]["start"], records[i]["trigger"] = sample - trigger, trigger
        records[i]["chip"], records[i]["channel"] = row_of[name]["chip"], row_of[name]["channel"]
        records[i]["noise"], records[i]["threshold"] = 2e-6, 5.5
        records[i]["waveform"] = np.arange(n_samples) % 7
        if 0 <= trigger < n_samples:
            records[i]["waveform"][trigger] = (-1) ** i * (400 + i)
    return records


def trains_of(recording: PlateRecording) -> dict[str, NDArray[np.float64]]:
    """Return the spike times of each electrode, in s."""
    trains = recording.trains
    pieces = np.split(trains.times, trains.offsets[1:-1])
    return dict(zip(electrodes(recording), pieces, strict=True))


def assert_trains(recording: PlateRecording, fired: Mapping[str, Iterable[int]], rate: float = 12500.0) -> None:
    """Compare all trains with the samples of the triggers; electrodes that did not fire are silent."""
    for name, times in trains_of(recording).items():
        np.testing.assert_allclose(times, np.sort(np.array(list(fired.get(name, [])))) / rate, rtol=0, atol=1e-9)
    assert recording.trains.n_spikes == sum(len(list(samples)) for samples in fired.values())


def order_of(recording: PlateRecording, records: NDArray[np.void], channels: NDArray[np.void]) -> NDArray[np.int64]:
    """Return which record each spike of the trains is, where no electrode fired twice at a time."""
    position = {name: i for i, name in enumerate(electrodes(recording))}
    ids = {(row["chip"], row["channel"]): position[name] for row, name in zip(channels, names(channels), strict=True)}
    train = [ids[record["chip"], record["channel"]] for record in records]
    return np.lexsort((records["start"] + records["trigger"], train))


def metadata_value(metadata: Mapping[str, Any], key: str) -> Any:
    """Return a value by its key, in whatever spelling and depth, the outermost first."""
    wanted = _plain(key)
    level: list[Mapping[str, Any]] = [metadata]
    while level:
        for each in level:
            for name, value in each.items():
                if _plain(name) == wanted:
                    return value
        level = [value for each in level for value in each.values() if isinstance(value, Mapping)]
    return None


def _plain(key: str) -> str:
    return "".join(letter for letter in key.lower() if letter.isalnum())


def write(file: AxisFile, folder: Path, name: str = "plate.raw") -> Path:
    return file.write(folder / name)
