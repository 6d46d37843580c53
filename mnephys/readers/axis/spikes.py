"""Spike records of an AxIS file into trains, in one pass over the file.

A file of an hour holds tens of millions of records in the order of time, each with its waveform. They are read in
pieces that fit into the processor's cache; what is needed of each record is kept, sorted by electrode within the piece
while the disk reads on. In the end, every piece hands to each electrode what is its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import TruncatedFileError
from mnephys.readers.axis.blocks import DataSet
from mnephys.readers.binary import BinaryFile
from mnephys.recording import FloatArray, IntArray

__all__ = ["LEEWAY", "SpikeTable", "read_spikes", "spike_record"]

_PIECE_BYTES = 1 << 22
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


@dataclass(slots=True)
class _Pieces:
    """What is kept of each record: piece after piece, within each sorted by electrode."""

    times: FloatArray
    amplitudes: NDArray[np.float32]
    records: NDArray[Any]
    length: int
    """Records of a piece."""
    counts: NDArray[np.int64]
    """Records of each electrode in each piece; in the last column, those of none."""
    trigger: int = 0
    n_without_amplitude: int = 0
    ascending: bool = True
    last: int = 0
    """The last sample of the piece before."""


def spike_record(data_set: DataSet) -> np.dtype[np.void]:
    """Return the type of a spike record.

    Parameters
    ----------
    data_set : DataSet
        Of spikes.

    Returns
    -------
    dtype
        With the fields ``sample``, ``code`` (256 times the chip plus the channel), ``trigger`` and ``waveform``.

    Examples
    --------
    >>> record = spike_record(DataSet("", "", 1, np.dtype("<i2"), 12500.0, -5e-8, n_samples=38, header_bytes=30))
    >>> record.itemsize, record.fields["waveform"][1]
    (106, 30)
    """
    # Channel and chip stand one behind the other, so that they are one number.
    return np.dtype(
        {
            "names": ["sample", "code", "trigger", "waveform"],
            "formats": ["<i8", "<u2", "<i4", (data_set.dtype, (data_set.n_samples,))],
            "offsets": [0, 8, 10, data_set.header_bytes],
            "itemsize": data_set.block_bytes,
        }
    )


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
    pieces = _read_pieces(file, data_set, rows, n_electrodes)
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


def _read_pieces(file: BinaryFile, data_set: DataSet, row_of_code: NDArray[Any], n_electrodes: int) -> _Pieces:
    """Return what is needed of each record."""
    record = spike_record(data_set)
    n_records = data_set.n_blocks
    length = max(1, min(n_records, _PIECE_BYTES // record.itemsize))
    found = _Pieces(
        times=np.empty(n_records, dtype=np.float64),
        amplitudes=np.empty(n_records, dtype=np.float32),
        records=np.empty(n_records, dtype=np.min_scalar_type(max(n_records, 1 << 16))),
        length=length,
        counts=np.zeros((-(-n_records // length), n_electrodes + 1), dtype=np.int64),
    )
    for number, piece in enumerate(_pieces(file, data_set.start, n_records, np.empty((2, length), dtype=record))):
        begin = number * length
        here = slice(begin, begin + piece.size)
        rows = row_of_code.take(piece["code"])
        order = rows.argsort(kind="stable")
        found.counts[number] = np.bincount(rows, minlength=n_electrodes + 1)
        samples = piece["sample"] + piece["trigger"]
        _note_order(found, samples, number)
        np.divide(samples.take(order), data_set.sampling_rate, out=found.times[here])
        found.amplitudes[here] = _amplitudes(found, piece, data_set.microvolts, number).take(order)
        order += begin
        found.records[here] = order
    return found


def _pieces(file: BinaryFile, start: int, n_records: int, buffers: NDArray[np.void]) -> Iterator[NDArray[np.void]]:
    """Yield the records of a file, a buffer full at a time, while the next is read into the other buffer."""
    length = buffers.shape[1]
    pieces = [buffers[i % 2, : min(length, n_records - i * length)] for i in range(-(-n_records // length))]
    file.handle.seek(start)

    def filled(piece: NDArray[np.void]) -> NDArray[np.void]:
        if file.handle.readinto(piece.view(np.uint8).data) != piece.nbytes:
            raise TruncatedFileError(file.path, "became shorter while its spikes were read", "wait until it is copied")
        return piece

    with ThreadPoolExecutor(1) as reader:
        waiting = [reader.submit(filled, piece) for piece in pieces[:1]]
        for piece in pieces[1:]:
            ready = waiting.pop().result()
            waiting.append(reader.submit(filled, piece))
            yield ready
        for last in waiting:
            yield last.result()


def _note_order(found: _Pieces, samples: NDArray[np.int64], number: int) -> None:
    """Note whether a spike stands before an earlier one, here or at the end of the piece before."""
    if found.ascending:
        later = number == 0 or samples[0] >= found.last
        found.ascending = bool(later and (samples[1:] >= samples[:-1]).all())
        found.last = samples[-1]


def _amplitudes(found: _Pieces, piece: NDArray[np.void], microvolts: float, number: int) -> NDArray[np.float32]:
    """Return the values at the threshold crossing, which is at one place of all waveforms of any real file."""
    trigger, waveform = piece["trigger"], piece["waveform"]
    place, n_samples = int(trigger[0]), waveform.shape[1]
    if number == 0:
        found.trigger = min(max(place, 0), n_samples - 1)
    scale = np.float32(microvolts)
    amplitudes = np.empty(piece.size, dtype=np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        if 0 <= place < n_samples and (trigger == place).all():
            np.multiply(waveform[:, place], scale, out=amplitudes, dtype=np.float32, casting="same_kind")
            return amplitudes
        values = waveform[np.arange(piece.size), np.clip(trigger, 0, n_samples - 1)]
        np.multiply(values, scale, out=amplitudes, dtype=np.float32, casting="same_kind")
    outside = (trigger < 0) | (trigger >= n_samples)
    amplitudes[outside] = np.nan
    found.n_without_amplitude += int(outside.sum())
    return amplitudes


def _by_electrode(pieces: _Pieces) -> tuple[IntArray, list[NDArray[Any]]]:
    """Return where the spikes of each electrode begin, and times, amplitudes and records in this order."""
    counts = pieces.counts
    offsets = np.concatenate([[0], np.cumsum(counts.sum(axis=0))])
    # From the place of a spike within its piece to its place among all: what its electrode has of the pieces before,
    # behind what all electrodes before it have, less what these have within the piece.
    shift = offsets[:-1] + (np.cumsum(counts, axis=0) - counts) - (np.cumsum(counts, axis=1) - counts)
    places = np.arange(pieces.length)
    stored = [pieces.times, pieces.amplitudes, pieces.records]
    columns = [np.empty_like(values) for values in stored]
    for number, count in enumerate(counts):
        target = np.repeat(shift[number], count)
        target += places[: target.size]
        here = slice(number * pieces.length, number * pieces.length + target.size)
        for column, values in zip(columns, stored, strict=True):
            column[target] = values[here]
    n_kept = offsets[-2]
    return offsets[:-1], [column[:n_kept] for column in columns]


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
