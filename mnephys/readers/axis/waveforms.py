"""Waveforms of the spikes of an AxIS file, which stay in the file until some are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.axis.blocks import DataSet
from mnephys.readers.axis.reopened import fill, reopened
from mnephys.readers.axis.spike_records import spike_record
from mnephys.recording import IntArray

__all__ = ["AxisWaveforms", "waveforms_of"]

_PIECE_BYTES = 1 << 20
# A second read costs what it takes to read so much.
_GAP_BYTES = 1 << 14


@dataclass(frozen=True, slots=True, eq=False)
class AxisWaveforms:
    """The waveforms of some spikes.

    Parameters
    ----------
    path : str
        Of the file.
    size : int
        Its length in bytes when its headers were read.
    start, n_records : int
        Where the records begin, in bytes, and how many there are.
    record : dtype
        Of one record, with a field ``waveform``.
    records : ndarray, uint32 or int64, shape (n_spikes,)
        Which record each spike is.
    microvolts : float
        Of one count, with their sign.
    sampling_rate : float
        In Hz.
    before : float
        From the first sample to the time of the spike, in s.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     np.arange(6, dtype="<i2").tofile(file.name)
    ...     record = np.dtype([("waveform", "<i2", 2)])
    ...     waveforms = AxisWaveforms(file.name, 12, 0, 3, record, np.array([2, 0, 1]), -0.5, 12500.0, 0.0)
    ...     waveforms.shape, waveforms[:2]
    ((3, 2), array([[-2. , -2.5],
           [-0. , -0.5]], dtype=float32))
    """

    path: str
    size: int
    start: int
    n_records: int
    record: np.dtype[np.void]
    records: NDArray[Any]
    microvolts: float
    sampling_rate: float
    before: float

    @property
    def shape(self) -> tuple[int, int]:
        """Spikes and samples."""
        return self.records.size, int(self.record["waveform"].shape[0])

    def __len__(self) -> int:
        return int(self.records.size)

    def __getitem__(self, rows: Any) -> NDArray[np.float32]:
        chosen = self.records[rows]
        found = np.empty((chosen.size, self.shape[1]), dtype=np.float32)
        scale = np.float32(self.microvolts)
        for places, counts in self._pieces(np.ravel(chosen)):
            # float64 values beyond float32 become infinite, as they are of no electrode.
            with np.errstate(over="ignore", invalid="ignore"):
                found[places] = np.multiply(counts, scale, dtype=np.float32, casting="same_kind")
        return found.reshape(*chosen.shape, self.shape[1])

    def read_counts(self, rows: Any) -> NDArray[Any]:
        """Return some waveforms as they are stored.

        Parameters
        ----------
        rows : int, slice, or array_like
            Which, as an array of shape (n_spikes,) would be indexed.

        Returns
        -------
        ndarray of the type of the file, shape (n_chosen, n_samples)
            Times `microvolts` they are in uV; of one row only, if `rows` is a number.

        Raises
        ------
        IndexError
            If there is no such spike.
        TruncatedFileError
            If the file became shorter.
        ReadError
            If it became longer, or cannot be read any more.
        """
        chosen = self.records[rows]
        found = np.empty((chosen.size, self.shape[1]), dtype=self.record["waveform"].base)
        for places, counts in self._pieces(np.ravel(chosen)):
            found[places] = counts
        return found.reshape(*chosen.shape, self.shape[1])

    def _pieces(self, wanted: NDArray[Any]) -> Iterator[tuple[IntArray, NDArray[Any]]]:
        """Yield places among the wanted records and their waveforms as stored, no part of the file twice."""
        if not wanted.size:
            return
        length = max(1, min(self.n_records, _PIECE_BYTES // self.record.itemsize))
        buffer = np.empty(length, dtype=self.record)
        order = wanted.argsort(kind="stable")
        ascending = wanted[order]
        edges = [0, *(np.flatnonzero(np.diff(ascending // length)) + 1).tolist(), wanted.size]
        with reopened(self.path, self.size) as handle:
            for begin, end in pairwise(edges):
                number, here = int(ascending[begin]) // length, ascending[begin:end] % length
                self._fill(handle, number * length, buffer, here)
                yield order[begin:end], buffer["waveform"][here]

    def _fill(self, handle: FileIO, first: int, buffer: NDArray[np.void], wanted: NDArray[Any]) -> None:
        """Read the wanted records of a piece into their places; what stands between close ones is read with them."""
        n_bytes = self.record.itemsize
        stored = buffer.view(np.uint8).data
        gaps = np.flatnonzero(np.diff(wanted) > _GAP_BYTES // n_bytes)
        starts, ends = wanted[[0, *(gaps + 1)]] * n_bytes, (wanted[[*gaps, -1]] + 1) * n_bytes
        offset = self.start + first * n_bytes
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            fill(handle, offset + start, stored[start:end])


def waveforms_of(path: str, size: int, data_set: DataSet, records: NDArray[Any], trigger: int) -> AxisWaveforms:
    """Return the waveforms of some spikes of a data set.

    Parameters
    ----------
    path : str
        Of the file.
    size : int
        Its length in bytes.
    data_set : DataSet
        Of spikes.
    records : ndarray, uint32 or int64, shape (n_spikes,)
        Which record each spike is.
    trigger : int
        Sample of a waveform that is the spike.

    Returns
    -------
    AxisWaveforms
        In the order of `records`.

    Examples
    --------
    >>> data_set = DataSet("", "", 1, np.dtype("<i2"), 12500.0, -5e-8, n_samples=38, header_bytes=30, length=1060)
    >>> waveforms_of("p.spk", 1060, data_set, np.array([3, 1]), 11).shape
    (2, 38)
    """
    return AxisWaveforms(
        path=path,
        size=size,
        start=data_set.start,
        n_records=data_set.n_blocks,
        record=spike_record(data_set),
        records=records,
        microvolts=data_set.microvolts,
        sampling_rate=data_set.sampling_rate,
        before=trigger / data_set.sampling_rate,
    )
