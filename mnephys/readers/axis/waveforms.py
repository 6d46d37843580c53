"""Waveforms of the spikes of an AxIS file, which stay in the file until some are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import MissingFileError, ReadError
from mnephys.readers.axis.blocks import DataSet
from mnephys.readers.axis.errors import check_same_size
from mnephys.readers.axis.spike_records import spike_record

__all__ = ["AxisWaveforms", "waveforms_of"]

_AT_ONCE = 1 << 15


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
        counts = self.read_counts(rows)
        found = np.empty(counts.shape, dtype=np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            np.multiply(counts, np.float32(self.microvolts), out=found, dtype=np.float32, casting="same_kind")
        return found

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
        wanted = np.atleast_1d(chosen)
        found = np.empty((wanted.size, self.shape[1]), dtype=self.record["waveform"].base)
        if wanted.size:
            stored = self._mapped()["waveform"]
            for begin in range(0, wanted.size, _AT_ONCE):
                found[begin : begin + _AT_ONCE] = stored[wanted[begin : begin + _AT_ONCE]]
        return found if np.ndim(chosen) else found[0]

    def _mapped(self) -> NDArray[Any]:
        """Return the records; a map beyond the end of a file ends the process, so that its length is compared first."""
        try:
            check_same_size(self.path, self.size, Path(self.path).stat().st_size)
            return np.memmap(self.path, dtype=self.record, mode="r", offset=self.start, shape=(self.n_records,))
        except ReadError:
            raise
        except FileNotFoundError:
            raise MissingFileError(self.path, "does not exist any more", "put it back where it was") from None
        except (OSError, ValueError) as error:
            raise ReadError(self.path, f"cannot be read any more: {error}", "copy it again") from error


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
