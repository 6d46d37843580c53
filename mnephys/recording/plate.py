"""The recording of a multiwell plate: its electrodes, silent ones included, and their spikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.recording.layout import PlateLayout
from mnephys.recording.provenance import Provenance
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
        (well, label, int(label[0]), int(label[1]), np.nan, np.nan, f"{well}_{label}" not in off)
        for well in layout.wells
        for label in layout.labels
    ]
    return np.array(rows, dtype=ELECTRODE)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PlateRecording:
    """The spikes of a multiwell plate.

    Parameters
    ----------
    layout : PlateLayout
        The kind of plate.
    electrodes : ndarray of dtype `ELECTRODE`, shape (n_electrodes,)
        Row i belongs to train i; silent and disabled electrodes are in it.
    trains : SpikeTrains
        One train per electrode, its well as group. `start` and `stop` are those of the recording; `stop` is the
        last spike where nothing says how long the recording lasted.
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

    Raises
    ------
    ValueError
        If electrodes, trains and layout disagree.

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
    trains: SpikeTrains
    duration_source: DurationSource = DurationSource.STATED
    layout_stated: bool = True
    well_problems: Mapping[str, str] = field(default_factory=dict)
    well_facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    events: tuple[tuple[float, str], ...] = ()
    problems: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        object.__setattr__(self, "duration_source", DurationSource(self.duration_source))
        if self.electrodes.dtype != ELECTRODE or self.electrodes.ndim != 1:
            raise ValueError("electrodes needs one row of dtype ELECTRODE per electrode")
        if self.electrodes.size != self.trains.n_trains:
            raise ValueError(f"there are {self.electrodes.size} electrodes and {self.trains.n_trains} trains")
        if self.trains.groups is None or (self.trains.groups != self.electrodes["well"]).any():
            raise ValueError("the groups of the trains need to be the wells of the electrodes")
        if self.trains.stop is None:
            raise ValueError("trains needs a stop; where it is unknown, the last spike with DurationSource.SPIKES")
        if unknown := set(self.electrodes["well"].tolist()) - set(self.layout.wells):
            raise ValueError(f"a {self.layout.name} plate has no well {min(unknown)}")

    @property
    def wells(self) -> tuple[str, ...]:
        """Names of all wells of the plate, row by row."""
        return self.layout.wells

    @property
    def duration(self) -> float:
        """Length in s: as stated, or from the first to the last spike; see `duration_source`."""
        return float(self.trains.duration or 0.0)

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
            If it is not positive, or shorter than from the start to the last spike.
        """
        trains = self.trains
        last = float(trains.times.max()) if trains.n_spikes else trains.start
        if not (np.isfinite(duration) and duration > 0):
            raise ValueError(f"a recording cannot last {duration} s")
        # Spike times lie on the grid of the samples: what is shorter by less than one sample is not shorter.
        if last - trains.start > duration + 1e-3:
            raise ValueError(f"a duration of {duration:g} s is stated, but spikes span {last - trains.start:g} s")
        stop = max(last, trains.start + duration)
        return replace(self, trains=replace(trains, stop=stop), duration_source=DurationSource.USER)

    def __repr__(self) -> str:
        return (
            f"PlateRecording: {self.layout.name} plate, {self.electrodes.size} electrodes, {self.trains.n_spikes} "
            f"spikes, {self.duration:g} s ({self.duration_source.value})"
        )
