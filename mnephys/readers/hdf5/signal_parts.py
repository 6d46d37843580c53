"""Channels of raw voltage that lie in one dataset of an HDF5 file, in whatever order of axes.

A stored number becomes ``(number - offset) * scale`` uV, with offset and scale of its channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.recording import FloatArray, IntArray

__all__ = ["Order", "Part", "SignalPart"]


class Order(StrEnum):
    """How the samples of several channels follow one another in a dataset."""

    CHANNELS_FIRST = "channels first"
    """Two dimensions, a row per channel."""
    FRAMES_FIRST = "frames first"
    """Two dimensions, a row per sample, a column per channel."""
    FLAT_FRAMES = "flat frames"
    """One dimension, frame after frame, each with one number per channel."""


class Part(Protocol):
    """Channels that stand beside those of other datasets in one signal."""

    @property
    def array(self) -> LazyArray:
        """Where they are stored."""
        ...

    @property
    def channels(self) -> IntArray:
        """One entry per channel, shape (n_channels,)."""
        ...

    @property
    def n_samples(self) -> int:
        """Whole samples."""
        ...

    def read(self, start: int, stop: int, which: IntArray) -> NDArray[np.float32]:
        """Return the voltage of some samples and channels in uV, as `SignalPart.read` does.

        Parameters
        ----------
        start, stop : int
            First sample and the one after the last.
        which : ndarray of int, shape (n,)
            Positions in `channels`, at least one, in any order.

        Returns
        -------
        ndarray, float32, shape (stop - start, n)
            In uV.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class SignalPart:
    """Channels that lie in one dataset.

    Parameters
    ----------
    array : LazyArray
        Numbers, of the dimensions that `order` says.
    order : Order
        The order of its axes.
    channels : array_like of int, shape (n,)
        Rows (channels first) or columns of the dataset that are channels of the signal, each once, in the order of
        the signal.
    offset : array_like, shape (n,)
        Stored number that means 0 uV.
    scale_uv : array_like, shape (n,)
        One step in uV.
    width : int, optional
        Channels of a frame, needed for `Order.FLAT_FRAMES` only.

    Raises
    ------
    ValueError
        If these disagree.
    """

    array: LazyArray
    order: Order
    channels: IntArray
    offset: FloatArray
    scale_uv: FloatArray
    width: int = 0

    def __post_init__(self) -> None:
        channels = np.asarray(self.channels, dtype=np.int64)
        if len(self.array.shape) != (1 if self.order is Order.FLAT_FRAMES else 2):
            raise ValueError(f"a dataset of shape {self.array.shape} has no {self.order}")
        width = {
            Order.CHANNELS_FIRST: self.array.shape[0],
            Order.FRAMES_FIRST: self.array.shape[-1],
            Order.FLAT_FRAMES: self.width,
        }[self.order]
        if width < 1 or channels.ndim != 1 or ((channels < 0) | (channels >= width)).any():
            raise ValueError(f"the dataset holds {width} channels, not all that are asked for")
        if np.unique(channels).size != channels.size:
            raise ValueError("a channel is asked for twice")
        object.__setattr__(self, "channels", channels)
        object.__setattr__(self, "width", width)
        for name in ("offset", "scale_uv"):
            values = np.asarray(getattr(self, name), dtype=np.float64)
            if values.shape != channels.shape or not np.isfinite(values).all():
                raise ValueError(f"{name} needs {channels.size} finite values")
            object.__setattr__(self, name, values)

    @property
    def n_samples(self) -> int:
        """Whole samples in the dataset."""
        if self.order is Order.CHANNELS_FIRST:
            return self.array.shape[1]
        return self.array.shape[0] // (self.width if self.order is Order.FLAT_FRAMES else 1)

    def stored(self, start: int, stop: int, which: IntArray) -> NDArray[np.generic]:
        """Return the numbers of some samples and channels as they are stored.

        Parameters
        ----------
        start, stop : int
            First sample and the one after the last.
        which : ndarray of int, shape (n,)
            Positions in `channels`, at least one, in any order.

        Returns
        -------
        ndarray, shape (stop - start, n)
            Of the stored type.

        Raises
        ------
        ReadError
            If the file cannot be read any more, or is damaged there.
        """
        # A dataset is read in its own order, each row once; the order asked for is made in memory.
        wanted, position = np.unique(self.channels[which], return_inverse=True)
        if self.order is Order.FLAT_FRAMES:
            frames = self.array.read(start * self.width, stop * self.width).reshape(-1, self.width)
            return frames[:, self.channels[which]]
        if self.order is Order.FRAMES_FIRST:
            return self.array.read(start, stop, _slice_or_list(wanted))[:, position]
        return self.array.read_columns(start, stop, _slice_or_list(wanted))[position].T

    def read(self, start: int, stop: int, which: IntArray) -> NDArray[np.float32]:
        """Return the voltage of some samples and channels.

        Parameters
        ----------
        start, stop, which
            As for `stored`.

        Returns
        -------
        ndarray, float32, shape (stop - start, n)
            In uV; what is larger than float32 can be is infinite.

        Raises
        ------
        ReadError
            If the file cannot be read any more, or is damaged there.
        """
        stored = self.stored(start, stop, which)
        # float32 holds every number of 16 bits, and no more than 24 bits of longer ones.
        working = np.float32 if stored.dtype.kind in "iu" and stored.dtype.itemsize <= 2 else np.float64
        with np.errstate(over="ignore", invalid="ignore"):
            voltage: NDArray[np.float32] = np.subtract(stored, self.offset[which], dtype=working)
            voltage *= self.scale_uv[which].astype(working)
            return voltage.astype(np.float32, copy=False)


def _slice_or_list(rows: IntArray) -> slice | list[int]:
    """Return rising rows as a slice where they are neighbours, which HDF5 reads many times faster."""
    if rows.size and rows[-1] - rows[0] == rows.size - 1:
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return [int(row) for row in rows]
