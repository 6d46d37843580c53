"""The spikes of an AxIS file as trains: every piece of the file hands to each electrode what is its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.axis.blocks import DataSet
from mnephys.readers.axis.spike_records import SpikePieces, read_pieces
from mnephys.readers.binary import BinaryFile
from mnephys.recording import FloatArray, IntArray

__all__ = ["LEEWAY", "SpikeTable", "read_spikes"]

# Some real files begin a quarter of a second before 0.
#: A spike so many s before the start or after the end that is stated is of the recording; what is further is damaged.
LEEWAY = 10.0
# Ten weeks.
_LATEST = 6e6


@dataclass(frozen=True, slots=True, eq=False)
class SpikeTable:
    """The spikes of a data set, one electrode after another, each in the order of time.

    Parameters
    ----------
    times : ndarray, float64, shape (n_spikes,)
        When each spike crossed the threshold, in s from the start.
    offsets : ndarray, int64, shape (n_electrodes + 1,)
        Electrode i owns ``times[offsets[i]:offsets[i + 1]]``.
    amplitudes : ndarray, float32, shape (n_spikes,)
        At the threshold crossing, in uV.
    records : ndarray, uint32 or int64, shape (n_spikes,)
        Which record of the file each is.
    trigger : int
        Samples of a waveform before the threshold crossing, of the first record.
    problems : tuple of str
        What was noticed, one sentence each.

    Examples
    --------
    >>> records = np.arange(3, dtype=np.uint32)
    >>> table = SpikeTable(np.array([0.1, 0.7, 0.2]), np.array([0, 2, 3]), np.full(3, -40.0), records, 11, ())
    >>> np.split(table.times, table.offsets[1:-1])
    [array([0.1, 0.7]), array([0.2])]
    """

    times: FloatArray
    offsets: IntArray
    amplitudes: FloatArray
    records: NDArray[Any]
    trigger: int
    problems: tuple[str, ...]


def read_spikes(
    file: BinaryFile, data_set: DataSet, row_of_code: IntArray, n_electrodes: int, duration: float | None
) -> SpikeTable:
    """Read all spikes of a data set.

    Parameters
    ----------
    file : BinaryFile
        Open.
    data_set : DataSet
        Of spikes, without an obstacle.
    row_of_code : ndarray, int64, shape (65536,)
        Electrode of each channel, -1 where there is none.
    n_electrodes : int
        Of the plate.
    duration : float, optional
        Length of the recording in s, where its file states it.

    Returns
    -------
    SpikeTable
        Without the spikes of unknown channels, and those that lie far outside the recording.

    Raises
    ------
    TruncatedFileError
        If the file became shorter.

    Examples
    --------
    >>> import io
    >>> data_set = DataSet("", "", 1, np.dtype("<i2"), 12500.0, -5e-8, n_samples=1, header_bytes=30, length=64)
    >>> from mnephys.readers.axis.spike_records import spike_record
    >>> records = np.zeros(2, spike_record(data_set))
    >>> records["sample"], records["code"], records["waveform"] = [7, 5], [1, 0], [[600], [800]]
    >>> file = BinaryFile("p.spk", io.BytesIO(records.tobytes()), 64)
    >>> rows = np.arange(1 << 16)
    >>> table = read_spikes(file, data_set, rows, 2, None)
    >>> table.times.tolist(), table.offsets.tolist(), table.amplitudes.tolist(), table.records.tolist()
    ([0.0004, 0.00056], [0, 1, 2], [-40.0, -30.0], [1, 0])
    """
    # What belongs to no electrode is counted as of one behind the last, and cut off in the end.
    kind = np.min_scalar_type(n_electrodes)
    rows = np.where((row_of_code < 0) | (row_of_code >= n_electrodes), n_electrodes, row_of_code).astype(kind)
    pieces = read_pieces(file, data_set, rows, n_electrodes)
    problems = []
    if n_unknown := int(pieces.counts[:, -1].sum()):
        problems.append(f"{_spikes(n_unknown)} of channels that the channel array does not list; left out.")
    if pieces.n_without_amplitude:
        problems.append(f"{_spikes(pieces.n_without_amplitude)} with a trigger outside of the waveform: no amplitude.")
    offsets, columns = _by_electrode(pieces)
    if not pieces.ascending:
        _sort_trains(offsets, *columns)
    times = columns[0]
    if times.size and (times.min() < -LEEWAY or times.max() > min(duration or _LATEST, _LATEST)):
        impossible, sentences = _impossible(times, duration)
        problems += sentences
        offsets = np.concatenate([[0], np.cumsum(~impossible)])[offsets]
        columns = [values[~impossible] for values in columns]
    times, amplitudes, records = columns
    return SpikeTable(times, offsets, amplitudes, records, pieces.trigger, tuple(problems))


def _spikes(count: int) -> str:
    return f"There {'is' if count == 1 else 'are'} {count} spike{'s' * (count != 1)}"


def _by_electrode(pieces: SpikePieces) -> tuple[IntArray, list[NDArray[Any]]]:
    """Return where the spikes of each electrode begin, and times, amplitudes and records in this order."""
    counts = pieces.counts
    offsets = np.concatenate([[0], np.cumsum(counts.sum(axis=0))])
    # From the place of a spike within its piece to its place among all: what its electrode has of the pieces before,
    # behind what all electrodes before it have, less what these have within the piece.
    shift = offsets[:-1] + (np.cumsum(counts, axis=0) - counts) - (np.cumsum(counts, axis=1) - counts)
    places = np.arange(pieces.length)
    times = np.empty_like(pieces.times)
    _scatter(pieces, shift, places, [(pieces.times, times)])
    # Memory that is touched for the first time costs more than this work: the old times make room for the others.
    spare = pieces.times.view(np.float32)
    amplitudes, records = spare[: times.size], spare[times.size :].view(np.uint32)
    if pieces.records.dtype != records.dtype:  # more spikes than 32 bits count
        records = np.empty_like(pieces.records)
    _scatter(pieces, shift, places, [(pieces.amplitudes, amplitudes), (pieces.records, records)])
    columns = [times, amplitudes, records]
    n_kept = offsets[-2]
    return offsets[:-1], [column[:n_kept] for column in columns]


def _scatter(
    pieces: SpikePieces, shift: IntArray, places: IntArray, columns: list[tuple[NDArray[Any], NDArray[Any]]]
) -> None:
    """Bring columns from the order of the pieces into that of the electrodes."""
    for number, count in enumerate(pieces.counts):
        target = np.repeat(shift[number], count)
        target += places[: target.size]
        here = slice(number * pieces.length, number * pieces.length + target.size)
        for stored, column in columns:
            column[target] = stored[here]


def _impossible(times: FloatArray, duration: float | None) -> tuple[NDArray[np.bool_], list[str]]:
    """Return which spikes cannot be of the recording, and sentences on them."""
    early, never = times < -LEEWAY, times > _LATEST
    late = np.zeros(times.size, dtype=np.bool_) if duration is None else times > duration + LEEWAY
    # If most are late, it is the duration that is wrong.
    if 2 * late.sum() > times.size:
        late[:] = False
    problems = [
        f"{_spikes(int(beyond.sum()))} {where}; left out."
        for beyond, where in (
            (early, f"more than {LEEWAY:g} s before the start"),
            (late, f"more than {LEEWAY:g} s after the stated end of the recording ({duration} s)"),
            (never & ~late, f"more than {_LATEST:g} s after the start"),
        )
        if beyond.any()
    ]
    return early | late | never, problems


def _sort_trains(offsets: IntArray, *each: NDArray[Any]) -> None:
    """Bring the spikes of each electrode into the order of time; the first array is that of the times."""
    falls = np.flatnonzero(each[0][1:] < each[0][:-1]) + 1
    trains = np.unique(np.searchsorted(offsets, falls[~np.isin(falls, offsets)], side="right") - 1)
    for train in trains.tolist():
        here = slice(offsets[train], offsets[train + 1])
        order = each[0][here].argsort(kind="stable")
        for values in each:
            values[here] = values[here][order]
