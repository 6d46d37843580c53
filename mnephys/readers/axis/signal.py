"""Raw voltage of an AxIS file, read in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.axis.reopened import fill, reopened
from mnephys.recording import IntArray, whole_segment

__all__ = ["AxisSignal"]

# Time points of a plate that fit into the second cache of most processors.
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class AxisSignal:
    """A continuous data set; nothing is in memory until `read`, and no file is open between two reads.

    Parameters
    ----------
    path : str
        Of the file.
    size : int
        Its length in bytes when its headers were read.
    start, n_samples : int
        Where the samples begin, in bytes, and how many time points there are.
    dtype : dtype
        Of one value.
    n_columns : int
        Values of a time point.
    header_bytes : int
        Before the values of each time point.
    columns : ndarray, int64, shape (n_channels,)
        Those that are of an electrode.
    electrodes : ndarray, int64, shape (n_channels,)
        Row of each among the electrodes of the plate.
    sampling_rate : float
        In Hz.
    microvolts : float
        Of one count, with their sign.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     np.arange(8, dtype="<i2").tofile(file.name)
    ...     columns = np.arange(2)
    ...     signal = AxisSignal(file.name, 16, 0, 4, np.dtype("<i2"), 2, 0, columns, columns, 12500.0, -0.5)
    ...     signal.read(1, 3)
    array([[-1. , -1.5],
           [-2. , -2.5]], dtype=float32)
    """

    path: str
    size: int
    start: int
    n_samples: int
    dtype: np.dtype[np.generic]
    n_columns: int
    header_bytes: int
    columns: IntArray
    electrodes: IntArray
    sampling_rate: float
    microvolts: float

    @property
    def shape(self) -> tuple[int, int]:
        """Samples and channels."""
        return self.n_samples, self.columns.size

    @property
    def segments(self) -> NDArray[np.void]:
        """One stretch from 0 s; whether data were lost, tags say."""
        return whole_segment()

    def read(self, start: int, stop: int, channels: Sequence[int] | slice | None = None) -> NDArray[np.float32]:
        """Return the voltage of some samples.

        Parameters
        ----------
        start, stop : int
            First sample and the one after the last, ``0 <= start <= stop <= shape[0]``.
        channels : sequence of int or slice, optional
            Columns; all if omitted.

        Returns
        -------
        ndarray, float32, shape (stop - start, n_channels)
            In uV.

        Raises
        ------
        IndexError
            If a sample or a channel is outside the signal.
        TruncatedFileError
            If the file became shorter.
        ReadError
            If it became longer, or cannot be read any more.
        """
        columns = self._chosen(channels)
        found = np.empty((self._checked_count(start, stop), columns.size), dtype=np.float32)
        scale = np.float32(self.microvolts)
        for place, values in self._pieces(start, stop, columns):
            # float64 values beyond float32 become infinite, as they are of no electrode.
            with np.errstate(over="ignore", invalid="ignore"):
                np.multiply(
                    values, scale, out=found[place : place + len(values)], dtype=np.float32, casting="same_kind"
                )
        return found

    def read_counts(self, start: int, stop: int, channels: Sequence[int] | slice | None = None) -> NDArray[Any]:
        """Return some samples as they are stored.

        Parameters
        ----------
        start, stop, channels
            As for `read`.

        Returns
        -------
        ndarray of the type of the file, shape (stop - start, n_channels)
            Times `microvolts` they are in uV.

        Raises
        ------
        IndexError, ReadError
            As `read`.
        """
        columns = self._chosen(channels)
        found = np.empty((self._checked_count(start, stop), columns.size), dtype=self.dtype)
        for place, values in self._pieces(start, stop, columns):
            found[place : place + len(values)] = values
        return found

    def close(self) -> None:
        """Do nothing: no file is open between two reads."""

    def _chosen(self, channels: Sequence[int] | slice | None) -> IntArray:
        if channels is None or isinstance(channels, slice):
            return self.columns[channels or slice(None)]
        index = np.asarray(channels, dtype=np.int64).reshape(-1)
        if index.size and not 0 <= index.min() <= index.max() < self.columns.size:
            raise IndexError(
                f"channels {index.min()} to {index.max()} are not within the {self.columns.size} there are"
            )
        return self.columns[index]

    def _checked_count(self, start: int, stop: int) -> int:
        if not 0 <= start <= stop <= self.n_samples:
            raise IndexError(f"samples {start} to {stop} are not within the {self.n_samples} of the signal")
        return stop - start

    def _pieces(self, start: int, stop: int, columns: IntArray) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield position and stored values of some columns, piece by piece; the next piece takes the place of one."""
        block_bytes = self.header_bytes + self.n_columns * self.dtype.itemsize
        length = max(1, min(stop - start, _PIECE_BYTES // block_bytes))
        buffer = np.empty((length, block_bytes), dtype=np.uint8)
        values = buffer[:, self.header_bytes :].view(self.dtype)
        every = np.array_equal(columns, np.arange(self.n_columns))
        with reopened(self.path, self.size) as handle:
            for place in range(0, stop - start, length):
                count = min(length, stop - start - place)
                fill(handle, self.start + (start + place) * block_bytes, buffer[:count].reshape(-1).data)
                yield place, values[:count] if every else values[:count, columns]
