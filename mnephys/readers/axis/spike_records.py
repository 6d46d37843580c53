"""The spike records of an AxIS file, read in one pass.

A file of an hour holds tens of millions of records in the order of time, each with its waveform. They are read in
pieces; what is needed of each record is kept, sorted by electrode within the piece while the disk reads on.
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
from mnephys.recording import FloatArray

__all__ = ["SpikePieces", "read_pieces", "spike_record"]

_PIECE_BYTES = 1 << 22


@dataclass(slots=True)
class SpikePieces:
    """What is kept of each record: piece after piece, within each sorted by electrode.

    Parameters
    ----------
    times : ndarray, float64, shape (n_records,)
        In s.
    amplitudes : ndarray, float32, shape (n_records,)
        In uV, NaN where the trigger lies outside of the waveform.
    records : ndarray, uint32 or uint64, shape (n_records,)
        Which record of the file each is.
    length : int
        Records of a piece.
    counts : ndarray, int64, shape (n_pieces, n_electrodes + 1)
        Records of each electrode in each piece; in the last column, those of none.
    trigger : int
        Samples of a waveform before the threshold crossing, of the first record.
    n_without_amplitude : int
        Records with a trigger outside of their waveform.
    ascending : bool
        Whether no record is before an earlier one.
    last : int
        The last sample of the piece before.
    """

    times: FloatArray
    amplitudes: NDArray[np.float32]
    records: NDArray[Any]
    length: int
    counts: NDArray[np.int64]
    trigger: int = 0
    n_without_amplitude: int = 0
    ascending: bool = True
    last: int = 0


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


def read_pieces(file: BinaryFile, data_set: DataSet, row_of_code: NDArray[Any], n_electrodes: int) -> SpikePieces:
    """Return what is needed of each record.

    Parameters
    ----------
    file : BinaryFile
        Open.
    data_set : DataSet
        Of spikes, without an obstacle.
    row_of_code : ndarray of an unsigned type, shape (65536,)
        Electrode of each channel, `n_electrodes` where there is none.
    n_electrodes : int
        Of the plate.

    Returns
    -------
    SpikePieces
        Of all records.

    Raises
    ------
    TruncatedFileError
        If the file became shorter.
    """
    record = spike_record(data_set)
    n_records = data_set.n_blocks
    length = max(1, min(n_records, _PIECE_BYTES // record.itemsize))
    found = SpikePieces(
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


def _note_order(found: SpikePieces, samples: NDArray[np.int64], number: int) -> None:
    """Note whether a spike stands before an earlier one, here or at the end of the piece before."""
    if found.ascending:
        later = number == 0 or samples[0] >= found.last
        found.ascending = bool(later and (samples[1:] >= samples[:-1]).all())
        found.last = samples[-1]


def _amplitudes(found: SpikePieces, piece: NDArray[np.void], microvolts: float, number: int) -> NDArray[np.float32]:
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
