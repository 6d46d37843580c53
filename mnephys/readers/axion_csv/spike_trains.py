"""From the rows of a spike list to spike trains: which rows count, and what is said of the others."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.axion_csv.cells import shown
from mnephys.readers.axion_csv.settings import Settings, seconds, section_run
from mnephys.readers.axion_csv.spike_rows import Fault, SpikeRows
from mnephys.recording import BoolArray, DurationSource, FloatArray, IntArray, PlateLayout, SpikeTrains

__all__ = [
    "PlacedSpikes",
    "electrode_positions",
    "order_problems",
    "outside_problems",
    "place",
    "recorded",
    "spike_trains",
    "unreadable_problems",
    "unreadable_wells",
]

# The last of fewer spikes may be early by chance.
_ENOUGH_SPIKES = 1000
# Of the rows of a well.
_TOLERATED = 0.01
_WELL = re.compile(r"([A-Z]\d{1,2})(?!\d)")
_ELECTRODE = re.compile(r"[A-Z]\d{1,2}_\w{2,4}")
_FAULTS = {
    Fault.TIME: "without a time that is a number",
    Fault.ELECTRODE: "without the name of an electrode",
    Fault.ABSENT: "with a well or an electrode that the plate does not have",
    Fault.SIZE: "without a number of spikes that a burst can have",
    Fault.DURATION: "without a duration that a burst can have",
}


@dataclass(frozen=True, slots=True)
class PlacedSpikes:
    """The rows of a list of spikes or bursts on the plate.

    Parameters
    ----------
    rows : SpikeRows
        As they stand in the file.
    electrode : ndarray, int64, shape (n_rows,)
        Position of the electrode in the layout, -1 where it has none such.
    well : ndarray, int64, shape (n_rows,)
        Position in `wells`.
    wells : tuple of str
        The wells of the layout in its order, then what else stands for one, as a message may name them.
    fault : ndarray, int8, shape (n_rows,)
        A `Fault`.
    """

    rows: SpikeRows
    electrode: NDArray[np.int64]
    well: NDArray[np.int64]
    wells: tuple[str, ...]
    fault: NDArray[np.int8]

    @property
    def usable(self) -> BoolArray:
        """Which rows can be read, shape (n_rows,)."""
        return np.equal(self.fault, Fault.NONE)

    def first(self, rows: IntArray) -> str:
        """Say which of some rows stands first.

        Parameters
        ----------
        rows : ndarray, int, shape (n_chosen,)
            Positions, at least one.

        Returns
        -------
        str
            Row and well.
        """
        row = int(rows.min())
        return f"row {self.rows.line[row]} ({self.wells[self.well[row]]})"


def electrode_positions(layout: PlateLayout) -> dict[str, int]:
    """Return the position of each electrode of a plate.

    Parameters
    ----------
    layout : PlateLayout
        The kind of plate.

    Returns
    -------
    dict of str to int
        By full name, such as ``A1_11``; in the order of `mnephys.recording.plate.electrodes_of`.
    """
    names = (f"{well}_{label}" for well in layout.wells for label in layout.labels)
    return {name: position for position, name in enumerate(names)}


def place(layout: PlateLayout, rows: SpikeRows) -> PlacedSpikes:
    """Return which electrode each row belongs to.

    Parameters
    ----------
    layout : PlateLayout
        The kind of plate.
    rows : SpikeRows
        Of a spike list.

    Returns
    -------
    PlacedSpikes
        With a fault where a row cannot be used.
    """
    own = electrode_positions(layout)
    n_wells = len(layout.wells)
    others: dict[str, int] = {}
    electrode, well, fault = [], [], []
    for name in rows.names:
        electrode.append(own.get(name, -1))
        prefix = _WELL.match(name)
        found = layout.place(prefix[1]) if prefix is not None else None
        if found is not None:
            well.append(found[0] * layout.columns + found[1])
        else:
            label = f"well {prefix[1]}, which the plate does not have" if prefix is not None else "no well"
            well.append(n_wells + others.setdefault(label, len(others)))
        fault.append(Fault.NONE if name in own else Fault.ABSENT if _ELECTRODE.fullmatch(name) else Fault.ELECTRODE)
    each = np.array([electrode, well, fault], dtype=np.int64).reshape(3, -1)[:, rows.code]
    return PlacedSpikes(
        rows=rows,
        electrode=each[0],
        well=each[1],
        wells=(*(f"well {name}" for name in layout.wells), *others),
        fault=np.where(rows.fault == Fault.NONE, each[2], rows.fault).astype(np.int8),
    )


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"


def unreadable_problems(spikes: PlacedSpikes) -> list[str]:
    """Say which rows cannot be read.

    Parameters
    ----------
    spikes : PlacedSpikes
        Of a spike list.

    Returns
    -------
    list of str
        One sentence for each kind, with the first row and its well.
    """
    found = []
    for fault, what in _FAULTS.items():
        rows = np.flatnonzero(spikes.fault == fault)
        if rows.size:
            name = shown(spikes.rows.names[spikes.rows.code[rows[0]]])
            found.append(f"left out: {_count(rows.size, 'row')} {what}; the first is {spikes.first(rows)}, {name}")
    return found


def unreadable_wells(layout: PlateLayout, spikes: PlacedSpikes) -> dict[str, str]:
    """Return the wells of which too many rows cannot be read.

    Parameters
    ----------
    layout : PlateLayout
        The kind of plate.
    spikes : PlacedSpikes
        Of a spike list.

    Returns
    -------
    dict of str to str
        Why, for each of these wells.
    """
    total = np.bincount(spikes.well, minlength=len(spikes.wells))
    bad = np.bincount(spikes.well[~spikes.usable], minlength=len(spikes.wells))
    return {
        well: f"{bad[i]} of {total[i]} rows could not be read"
        for i, well in enumerate(layout.wells)
        if bad[i] > _TOLERATED * total[i]
    }


def order_problems(spikes: PlacedSpikes) -> list[str]:
    """Say where times go back.

    Parameters
    ----------
    spikes : PlacedSpikes
        Of a spike list.

    Returns
    -------
    list of str
        At most one sentence. Rows that stand electrode by electrode may go back from one to the next.
    """
    at = np.flatnonzero(spikes.usable)
    back = np.diff(spikes.rows.time[at]) < 0
    changes = np.diff(spikes.electrode[at]) != 0
    if changes.sum() < np.unique(spikes.electrode[at]).size:
        back &= ~changes
    rows = at[1:][back]
    return (
        [f"sorted: times go back in {_count(rows.size, 'row')}; the first is {spikes.first(rows)}"] if rows.size else []
    )


def recorded(
    settings: Settings, time: FloatArray, what: str = "spike"
) -> tuple[float, float, DurationSource, list[str]]:
    """Return when a recording starts and stops.

    Parameters
    ----------
    settings : Settings
        Of the list.
    time : ndarray, shape (n_rows,)
        Of the rows that can be read, in s.
    what : str
        What the rows are, for the sentences.

    Returns
    -------
    start, stop : float
        In s, as stated, or of the first and the last row.
    source : DurationSource
        How they are known.
    problems : list of str
        Where the file says what cannot be.
    """
    time = time[time >= 0]
    first, last = (float(time.min()), float(time.max())) if time.size else (0.0, 0.0)
    unstated = first, last, DurationSource.SPIKES
    said, section = settings.find("Actual File Section Run"), section_run(settings)
    if section is None:
        return *unstated, [f"the file section {shown(said)} says no duration"] if said else []
    problems = []
    offset = seconds(settings.find("Recording Offset from File Start")) or 0.0
    shifted = section[0] + offset, section[1] + offset
    if _inside(time, *shifted) > _inside(time, *section):
        section = shifted
        problems.append(f"{what} times count from the start of the file, {offset:g} s before that of the recording")
    start, stop = section
    doubt = ""
    if time.size >= _ENOUGH_SPIKES and last - start < (stop - start) / 2:
        doubt = f"its last {what} is at {last:.6g} s: it was cut, or the statement is wrong"
    elif time.size >= _ENOUGH_SPIKES and _inside(time, start, stop) < time.size / 2:
        doubt = f"most of its {what}s lie outside, between {first:.6g} and {last:.6g} s"
    if not doubt:
        return start, stop, DurationSource.STATED, problems
    advice = "state the duration of the recording, there are no rates without it"
    return *unstated, [*problems, f"the file states {start:g} to {stop:g} s, but {doubt}; {advice}"]


def _inside(time: FloatArray, start: float, stop: float) -> int:
    return int(((time >= start) & (time <= stop)).sum())


def outside_problems(spikes: PlacedSpikes, start: float, stop: float) -> list[str]:
    """Say which spikes are not counted because they lie outside the recording.

    Parameters
    ----------
    spikes : PlacedSpikes
        Of a spike list.
    start, stop : float
        Of the recording, in s.

    Returns
    -------
    list of str
        One sentence for spikes before 0 s, one for all others.
    """
    time = spikes.rows.time
    negative = np.flatnonzero(spikes.usable & (time < 0))
    outside = np.flatnonzero(spikes.usable & (time >= 0) & ((time < start) | (time > stop)))
    return [
        f"not counted: {_count(rows.size, 'spike')} {where}; the first is {spikes.first(rows)}"
        for rows, where in ((negative, "before 0 s"), (outside, f"outside the stated {start:g} to {stop:g} s"))
        if rows.size
    ]


def spike_trains(
    layout: PlateLayout, spikes: PlacedSpikes, start: float, stop: float, to_microvolt: float
) -> tuple[SpikeTrains, list[str]]:
    """Return the spikes of each electrode.

    Parameters
    ----------
    layout : PlateLayout
        The kind of plate.
    spikes : PlacedSpikes
        Of a spike list.
    start, stop : float
        Of the recording, in s; spikes outside are left out.
    to_microvolt : float
        An amplitude times this is in uV; NaN where its unit is unknown.

    Returns
    -------
    trains : SpikeTrains
        One per electrode of the plate, each time once.
    problems : list of str
        What was noticed, one sentence each.
    """
    rows, problems = spikes.rows, []
    at = np.flatnonzero(spikes.usable & (rows.time >= max(start, 0.0)) & (rows.time <= stop))
    at = at[np.lexsort((rows.time[at], spikes.electrode[at]))]
    twice = np.zeros(at.size, dtype=np.bool_)
    twice[1:] = (np.diff(rows.time[at]) == 0) & (np.diff(spikes.electrode[at]) == 0)
    if twice.any():
        again = at[twice]
        n = _count(again.size, "spike")
        problems.append(
            f"counted once: {n} at a time that the electrode already has; the first is {spikes.first(again)}"
        )
    at = at[~twice]
    amplitudes = None
    if rows.amplitude is not None and np.isnan(to_microvolt):
        problems.append("the unit of the amplitudes is not known: they were not read")
    elif rows.amplitude is not None:
        with np.errstate(over="ignore"):
            amplitudes = rows.amplitude[at] * to_microvolt
        wrong = ~np.isfinite(amplitudes)
        amplitudes[wrong] = np.nan
        if wrong.any():
            n = _count(int(wrong.sum()), "spike")
            problems.append(f"{n} without an amplitude that is a number; the first is {spikes.first(at[wrong])}")
    wells = np.repeat(np.array(layout.wells), len(layout.labels))
    counts = np.bincount(spikes.electrode[at], minlength=wells.size)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return SpikeTrains(rows.time[at], offsets, wells, start, stop, amplitudes), problems
