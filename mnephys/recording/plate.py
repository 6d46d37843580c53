"""The recording of a multiwell plate: its electrodes, silent ones included, their spikes and their raw voltage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.recording.arrays import FloatArray
from mnephys.recording.layout import PlateLayout, grid_place
from mnephys.recording.provenance import Provenance
from mnephys.recording.signal import Signal, segment_edges
from mnephys.recording.stretches import stretches_around
from mnephys.recording.trains import SpikeTrains

__all__ = ["ELECTRODE", "DurationSource", "PlateRecording", "electrodes_of"]

ELECTRODE = np.dtype(
    [
        ("well", "U8"),
        ("label", "U16"),
        ("column", np.int16),
        ("row", np.int16),
        ("x", np.float64),
        ("y", np.float64),
        ("enabled", np.bool_),
    ]
)
"""One electrode: its well, its name within it, its place in the grid from 1, and in um (NaN where unknown)."""


class DurationSource(StrEnum):
    """How it is known how long a recording lasted."""

    STATED = "stated by the file"
    USER = "stated by the user"
    SPIKES = "first to last spike"


def electrodes_of(layout: PlateLayout, disabled: Sequence[str] = ()) -> NDArray[np.void]:
    """Return the electrodes of a plate, well by well.

    Parameters
    ----------
    layout : PlateLayout
        The kind of plate.
    disabled : sequence of str
        Electrodes that were switched off, as ``A1_11``.

    Returns
    -------
    ndarray of dtype `ELECTRODE`, shape (n_electrodes,)
        Where they are in um is not known.

    Examples
    --------
    >>> from mnephys.recording.layout import LAYOUTS
    >>> electrodes_of(LAYOUTS["24-well"])[["well", "label", "column", "row"]][[0, -1]].tolist()
    [('A1', '11', 1, 1), ('D6', '44', 4, 4)]
    """
    off = set(disabled)
    rows = [
        (well, label, *grid_place(label), np.nan, np.nan, f"{well}_{label}" not in off)
        for well in layout.wells
        for label in layout.labels
    ]
    return np.array(rows, dtype=ELECTRODE)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PlateRecording:
    """The spikes of a multiwell plate, its raw voltage, or both.

    Parameters
    ----------
    layout : PlateLayout
        The kind of plate.
    electrodes : ndarray of dtype `ELECTRODE`, shape (n_electrodes,)
        Row i belongs to train i; silent and disabled electrodes are in it.
    trains : SpikeTrains or None
        One train per electrode, its well as group. `start` and `stop` are those of the recording; `stop` is the
        last spike where nothing says how long the recording lasted. None where the file holds raw voltage only.
        Trains that name no stretches get those of a signal that was interrupted.
    duration_source : DurationSource
        How `stop` is known. Unless somebody stated it, no rate can be given.
    layout_stated : bool
        Whether the file names the kind of plate; if not, the number of silent electrodes is a guess.
    well_problems : mapping of str to str
        Wells that cannot be judged, and why.
    well_facts : mapping of str to mapping
        What the file says of each well: ``treatment``, ``dose``, ``dose_unit``, ``control``, ``active``, ``note``.
    events : tuple of (float, str)
        Time in s and text of each event: stimulation, dosing, comments.
    problems : tuple of str
        What the reader noticed, one sentence each, with row and well.
    metadata : mapping
        Everything else that the file says.
    provenance : Provenance
        Where it came from.
    signal : Signal, optional
        Raw voltage, which is read from the file in pieces.
    stated_duration : float, optional
        Length in s that the file states, where some of its spikes lie a little before or after it: rates are per this
        length, and do not depend on when the first spike was.

    Raises
    ------
    ValueError
        If electrodes, trains, signal and layout disagree, or there is neither a train nor a signal.

    Examples
    --------
    >>> from mnephys.recording.layout import LAYOUTS
    >>> layout = LAYOUTS["24-well"]
    >>> electrodes = electrodes_of(layout)
    >>> trains = SpikeTrains.from_lists([[0.1]] * 384, groups=electrodes["well"], stop=600.0)
    >>> PlateRecording(layout, electrodes, trains)
    PlateRecording: 24-well plate, 384 electrodes, 384 spikes, 600 s (stated by the file)
    """

    layout: PlateLayout
    electrodes: NDArray[np.void]
    trains: SpikeTrains | None
    duration_source: DurationSource = DurationSource.STATED
    layout_stated: bool = True
    well_problems: Mapping[str, str] = field(default_factory=dict)
    well_facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    events: tuple[tuple[float, str], ...] = ()
    problems: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)
    signal: Signal | None = None
    stated_duration: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "duration_source", DurationSource(self.duration_source))
        if self.electrodes.dtype != ELECTRODE or self.electrodes.ndim != 1:
            raise ValueError("electrodes needs one row of dtype ELECTRODE per electrode")
        if self.trains is None and self.signal is None:
            raise ValueError("a recording needs trains or a signal")
        if self.trains is not None:
            _check_trains(self.trains, self.electrodes)
        if self.signal is not None:
            _check_signal(self.signal, self.electrodes)
        if self.trains is not None and self.signal is not None:
            object.__setattr__(self, "trains", _interrupted(self.trains, self.signal))
        if self.stated_duration is not None and not 0 < self.stated_duration <= self.stop - self.start + 1e-9:
            raise ValueError(f"a recording of {self.stop - self.start:g} s cannot last {self.stated_duration} s")
        if unknown := set(self.electrodes["well"].tolist()) - set(self.layout.wells):
            raise ValueError(f"a {self.layout.name} plate has no well {min(unknown)}")

    @property
    def wells(self) -> tuple[str, ...]:
        """Names of all wells of the plate, row by row."""
        return self.layout.wells

    @property
    def start(self) -> float:
        """When the recording begins, in s."""
        return self._extent[0]

    @property
    def stop(self) -> float:
        """When it ends, in s: as stated, or with the last spike; see `duration_source`."""
        return self._extent[1]

    @property
    def duration(self) -> float:
        """Length in s, without gaps: as stated, or from the first to the last spike; see `duration_source`."""
        if self.stated_duration is not None:
            return self.stated_duration
        if (covered := self._stretches) is not None:
            return float(np.diff(covered).sum())
        return self.stop - self.start

    @property
    def n_gaps(self) -> int:
        """How often the recording was interrupted."""
        return 0 if (covered := self._stretches) is None else len(covered) - 1

    @property
    def _stretches(self) -> FloatArray | None:
        if self.trains is not None:
            return self.trains.stretches
        assert self.signal is not None  # noqa: S101 -- the class was built with one of the two
        return stretches_around(self.signal, np.zeros(0), self.start, self.stop)

    @property
    def _extent(self) -> tuple[float, float]:
        if self.trains is not None:
            start, stop = self.trains.start, self.trains.stop
            return start, start + (0.0 if stop is None else stop - start)
        assert self.signal is not None  # noqa: S101 -- the class was built with one of the two
        return segment_edges(self.signal)

    def lasting(self, duration: float) -> PlateRecording:
        """Return the recording with a length that the user states.

        Parameters
        ----------
        duration : float
            In s.

        Returns
        -------
        PlateRecording
            It begins where it did, if it begins with the first spike that is known, then with that spike.

        Raises
        ------
        ValueError
            If it is not positive, shorter than from the start to the last spike, or the recording has no spikes but
            a signal, whose length is known, or was interrupted, so that its stretches are known.
        """
        if (trains := self.trains) is None:
            raise ValueError("the length of raw voltage is known")
        if trains.stretches is not None:
            raise ValueError("the recording was interrupted, and it is known when")
        last = float(trains.times.max()) if trains.n_spikes else trains.start
        if not (np.isfinite(duration) and duration > 0):
            raise ValueError(f"a recording cannot last {duration} s")
        # Spike times lie on the grid of the samples: what is shorter by less than one sample is not shorter.
        if last - trains.start > duration + 1e-3:
            raise ValueError(f"a duration of {duration:g} s is stated, but spikes span {last - trains.start:g} s")
        stop = max(last, trains.start + duration)
        stopped = replace(trains, stop=stop)
        return replace(self, trains=stopped, duration_source=DurationSource.USER, stated_duration=None)

    def __repr__(self) -> str:
        held = []
        if self.trains is not None:
            held.append(f"{self.trains.n_spikes} spikes")
        if self.signal is not None:
            held.append(f"raw voltage of {self.signal.shape[1]} channels at {self.signal.sampling_rate:g} Hz")
        return (
            f"PlateRecording: {self.layout.name} plate, {self.electrodes.size} electrodes, {', '.join(held)}, "
            f"{self.duration:g} s ({self.duration_source.value})"
        )


def _check_trains(trains: SpikeTrains, electrodes: NDArray[np.void]) -> None:
    if electrodes.size != trains.n_trains:
        raise ValueError(f"there are {electrodes.size} electrodes and {trains.n_trains} trains")
    if trains.groups is None or (trains.groups != electrodes["well"]).any():
        raise ValueError("the groups of the trains need to be the wells of the electrodes")
    if trains.stop is None:
        raise ValueError("trains needs a stop; where it is unknown, the last spike with DurationSource.SPIKES")


def _interrupted(trains: SpikeTrains, signal: Signal) -> SpikeTrains:
    """Return the trains with the stretches of the signal, if it has several and they name none."""
    if trains.stretches is not None or trains.stop is None or len(signal.segments) == 1:
        return trains
    covered = stretches_around(signal, trains.times, trains.start, trains.stop)
    return trains if covered is None else replace(trains, stretches=covered)


def _check_signal(signal: Signal, electrodes: NDArray[np.void]) -> None:
    rows, n_channels = np.asarray(signal.electrodes), signal.shape[1]
    if rows.shape != (n_channels,):
        raise ValueError(f"the signal has {n_channels} channels, but electrodes for {rows.size}")
    if rows.size and not 0 <= rows.min() <= rows.max() < electrodes.size:
        raise ValueError(f"the signal refers to an electrode that is not among the {electrodes.size} of the recording")
    if np.unique(rows).size != rows.size:
        raise ValueError("two channels of the signal are of one electrode")
