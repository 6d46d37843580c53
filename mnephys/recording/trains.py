"""Spike times of many electrodes in two columns: the form in which the feature core takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnephys.recording.arrays import FloatArray, IntArray
from mnephys.recording.stretches import breaks_of, checked_stretches, stretch_of

__all__ = ["SpikeTrains", "Waveforms"]


class Waveforms(Protocol):
    """Cut-outs of spikes that stay in their file until rows of them are asked for.

    Attributes
    ----------
    shape : tuple of int
        Spikes and samples.
    sampling_rate : float
        In Hz.
    before : float or None
        From the first sample of a cut-out to the time of its spike, in s; None where the file does not say.
    """

    @property
    def sampling_rate(self) -> float:
        """Samples per second, in Hz."""
        ...

    @property
    def before(self) -> float | None:
        """From the first sample to the time of the spike, in s; None where the file does not say."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Spikes and samples."""
        ...

    def __len__(self) -> int:
        """Return the number of spikes."""
        ...

    def __getitem__(self, rows: Any) -> NDArray[np.float32]:
        """Return the waveforms of some spikes, in uV."""
        ...


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SpikeTrains:
    """Spike trains side by side: train i owns ``times[offsets[i]:offsets[i + 1]]``.

    Parameters
    ----------
    times : ndarray, float64, shape (n_spikes,)
        In s, ascending within each train.
    offsets : ndarray, int, shape (n_trains + 1,)
        From 0 to `n_spikes`, never falling. A silent electrode is a train without a spike.
    groups : array_like of shape (n_trains,), optional
        The well of each train, as text; network functions never cross wells. All trains are one group if omitted.
    start : float
        When the recording begins, in s; no spike is before it.
    stop : float, optional
        When it ends, in s; no spike is after it. None where unknown.
    amplitudes : ndarray of shape (n_spikes,), optional
        In uV, beside `times`.
    waveforms : ndarray of shape (n_spikes, n_samples) or Waveforms, optional
        In uV, beside `times`; from a file they are read when rows of them are asked for, and know their sampling rate
        and where in them the spike is.
    stretches : array_like of shape (n_stretches, 2), optional
        When the recording was on, in s, where it was interrupted: begin and end of each stretch, ascending. No
        interval, burst or coincidence reaches from one into the next, and rates are per the time that they cover. One
        stretch from `start` to `stop` if omitted.

    Raises
    ------
    ValueError
        If shapes disagree, a time is not finite, a train is not sorted, stretches overlap, or a spike lies outside
        the recording or between its stretches.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[0.5, 1.0], [], [0.7]], groups=["A1", "A1", "B2"], stop=10.0)
    >>> trains
    SpikeTrains: 3 spikes in 3 trains of 2 groups, 0 to 10 s
    >>> trains.counts
    array([2, 0, 1])
    >>> SpikeTrains.from_lists([[1.0, 8.0]], stop=10.0, stretches=[(0, 2), (7, 10)])
    SpikeTrains: 2 spikes in 1 train, 0 to 10 s in 2 stretches of 5 s
    """

    times: FloatArray
    offsets: IntArray
    groups: NDArray[Any] | None = None
    start: float = 0.0
    stop: float | None = None
    amplitudes: FloatArray | None = None
    waveforms: FloatArray | Waveforms | None = None
    stretches: FloatArray | None = None

    def __post_init__(self) -> None:
        times = np.ascontiguousarray(self.times, dtype=np.float64)
        offsets = np.ascontiguousarray(self.offsets, dtype=np.int64)
        start, stop = float(self.start), None if self.stop is None else float(self.stop)
        if times.ndim != 1 or offsets.ndim != 1 or offsets.size == 0:
            raise ValueError("times and offsets need one dimension, and offsets at least one entry")
        if offsets[0] != 0 or offsets[-1] != times.size or (np.diff(offsets) < 0).any():
            raise ValueError(f"offsets need to rise from 0 to {times.size}, the number of spikes")
        if not np.isfinite(start) or (stop is not None and not (np.isfinite(stop) and stop >= start)):
            raise ValueError(f"the recording cannot last from {start} to {stop} s")
        _check_times(times, offsets, start, stop)
        stretches = None if self.stretches is None else checked_stretches(self.stretches, start, stop)
        if stretches is not None:
            _check_covered(times, offsets, stretches)
        groups = None if self.groups is None else np.asarray(self.groups)
        if groups is not None and groups.shape != (offsets.size - 1,):
            raise ValueError(f"groups has shape {groups.shape}, needs one per train: ({offsets.size - 1},)")
        amplitudes = None if self.amplitudes is None else np.asarray(self.amplitudes)
        waveforms = np.asarray(self.waveforms) if isinstance(self.waveforms, Sequence) else self.waveforms
        if amplitudes is not None and amplitudes.shape != times.shape:
            raise ValueError(f"amplitudes has shape {amplitudes.shape}, needs {times.shape}")
        if waveforms is not None and (len(waveforms.shape) != 2 or waveforms.shape[0] != times.size):
            raise ValueError(f"waveforms has shape {waveforms.shape}, needs one row per spike")
        for name, value in {
            "times": times,
            "offsets": offsets,
            "groups": groups,
            "start": start,
            "stop": stop,
            "amplitudes": amplitudes,
            "waveforms": waveforms,
            "stretches": stretches,
        }.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_lists(
        cls,
        trains: Sequence[ArrayLike],
        groups: Sequence[str] | None = None,
        start: float = 0.0,
        stop: float | None = None,
        stretches: ArrayLike | None = None,
    ) -> Self:
        """Return the trains of a list of lists, each sorted.

        Parameters
        ----------
        trains : sequence of array_like, each of shape (n_spikes,)
            Spike times of each electrode in s, in any order.
        groups : sequence of str, optional
            The well of each.
        start, stop : float, optional
            When the recording begins and ends, in s.
        stretches : array_like of shape (n_stretches, 2), optional
            As in the class.

        Returns
        -------
        SpikeTrains
            In the order given.

        Raises
        ------
        ValueError
            As the class.
        """
        each = [np.sort(np.asarray(train, dtype=np.float64).ravel()) for train in trains]
        offsets = np.concatenate([[0], np.cumsum([train.size for train in each], dtype=np.int64)])
        wells = None if groups is None else np.asarray(groups)
        covered = None if stretches is None else np.asarray(stretches)
        return cls(np.concatenate([*each, np.zeros(0)]), offsets, wells, start, stop, stretches=covered)

    @property
    def n_trains(self) -> int:
        """Number of electrodes, silent ones included."""
        return int(self.offsets.size - 1)

    @property
    def n_spikes(self) -> int:
        """Number of spikes."""
        return int(self.times.size)

    @property
    def counts(self) -> IntArray:
        """Spikes of each train, shape (n_trains,)."""
        return np.diff(self.offsets)

    @property
    def train_of_spike(self) -> IntArray:
        """The train of each spike, shape (n_spikes,)."""
        return np.repeat(np.arange(self.n_trains), self.counts)

    @property
    def duration(self) -> float | None:
        """Length of the recording in s, without gaps; None where unknown."""
        if self.stretches is not None:
            return float(np.diff(self.stretches).sum())
        return None if self.stop is None else self.stop - self.start

    @property
    def breaks(self) -> IntArray:
        """The spikes that come first of their train after a gap, as positions in `times`, shape (n_breaks,)."""
        return breaks_of(self.times, self.offsets, self.stretches)

    def grouped(self) -> tuple[tuple[str, ...], IntArray]:
        """Return the groups, and which of them each train belongs to.

        Returns
        -------
        labels : tuple of str
            Each group once, in the order of its first train; one of no name where there are no groups.
        index : ndarray, int, shape (n_trains,)
            Position of each train's group in `labels`.

        Examples
        --------
        >>> SpikeTrains.from_lists([[], [], []], groups=["B1", "A1", "B1"]).grouped()
        (('B1', 'A1'), array([0, 1, 0]))
        """
        if self.groups is None:
            return ("",), np.zeros(self.n_trains, dtype=np.int64)
        names, first, inverse = np.unique(self.groups, return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")
        position = np.empty(order.size, dtype=np.int64)
        position[order] = np.arange(order.size)
        return tuple(str(name) for name in names[order]), position[inverse]

    def __repr__(self) -> str:
        labels, _ = self.grouped()
        within = "" if self.groups is None else f" of {len(labels)} group{'s' * (len(labels) != 1)}"
        until = "an unknown end" if self.stop is None else f"{self.stop:g} s"
        if self.stretches is not None:
            n = len(self.stretches)
            until += f" in {n} stretch{'es' * (n != 1)} of {self.duration:g} s"
        return (
            f"SpikeTrains: {self.n_spikes} spike{'s' * (self.n_spikes != 1)} in {self.n_trains} "
            f"train{'s' * (self.n_trains != 1)}{within}, {self.start:g} to {until}"
        )


def _check_times(times: FloatArray, offsets: IntArray, start: float, stop: float | None) -> None:
    """Raise and name the train of the first time that cannot be."""

    def train(spike: int) -> int:
        return int(np.searchsorted(offsets, spike, side="right")) - 1

    if not np.isfinite(times).all():
        spike = int(np.flatnonzero(~np.isfinite(times))[0])
        raise ValueError(f"train {train(spike)}: spike {spike} has the time {times[spike]}; leave it out")
    falls = np.flatnonzero(times[1:] < times[:-1]) + 1
    inside = falls[~np.isin(falls, offsets)]
    if inside.size:
        raise ValueError(f"train {train(int(inside[0]))}: its times are not sorted; sort them or use from_lists")
    outside = np.flatnonzero((times < start) | (times > (np.inf if stop is None else stop)))
    if outside.size:
        spike = int(outside[0])
        end = "" if stop is None else f" to {stop:g}"
        raise ValueError(
            f"train {train(spike)}: the spike at {times[spike]:g} s lies outside the recording ({start:g}{end} s)"
        )


def _check_covered(times: FloatArray, offsets: IntArray, stretches: FloatArray) -> None:
    """Raise and name the train of the first time that lies in no stretch."""
    at = stretch_of(times, stretches)
    outside = np.flatnonzero((at < 0) | (times > stretches[at, 1]))
    if outside.size:
        spike = int(outside[0])
        train = int(np.searchsorted(offsets, spike, side="right")) - 1
        raise ValueError(f"train {train}: the spike at {times[spike]:g} s lies in a gap of the recording")
