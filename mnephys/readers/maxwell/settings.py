"""Sampling rate, gain and routed electrodes of one well of a MaxWell file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.numbers import checked_gain, checked_rate, number_in, whole_numbers
from mnephys.readers.maxwell.places import Place
from mnephys.readers.spike_trains.columns import listed
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["Routing", "Settings", "read_routing", "read_settings"]

#: Of all files of the old layout, which do not state it, in Hz.
OLD_RATE = 20_000.0

_EXPORT = "record again, or ask the vendor to repair the file"
_MOST_CHANNELS = 1 << 20
# The converter spans 3.3 V in 1024 steps; the amplifier's gain is this unless somebody changed it.
_SPAN_V, _STEPS, _USUAL_GAIN = 3.3, 1024, 512.0
# Both are rounded when they are stored.
_SAME_STEP = 1e-3
_LARGEST_ELECTRODE = 1 << 20
# The array is 220 electrodes wide; their numbers rise row by row.
_COLUMNS = 220


@dataclass(frozen=True, slots=True)
class Settings:
    """How a well was recorded.

    Parameters
    ----------
    rate : float
        Samples per second and channel, in Hz.
    gain_uv : float
        One step of the converter, in uV.
    facts : dict
        What else the file says: filter, threshold, gain.
    problems : tuple of str
        A sentence where the gain is not stated.
    """

    rate: float
    gain_uv: float
    facts: dict[str, float]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Routing:
    """Electrodes that were connected to a channel, in the order of the table.

    Parameters
    ----------
    channels, electrodes : ndarray, int64, shape (n,)
        Numbers of the channel and of the electrode, each once.
    x, y : ndarray, float64, shape (n,)
        In um, NaN where the table states no place.
    problems : tuple of str
        Sentences on what was left out.
    """

    channels: IntArray
    electrodes: IntArray
    x: FloatArray
    y: FloatArray
    problems: tuple[str, ...] = ()

    def where(self, kept: BoolArray) -> Routing:
        """Return some of the electrodes.

        Parameters
        ----------
        kept : ndarray of bool, shape (n,)
            Which.

        Returns
        -------
        Routing
            Those, in the same order.
        """
        return Routing(self.channels[kept], self.electrodes[kept], self.x[kept], self.y[kept], self.problems)

    @property
    def grid(self) -> tuple[IntArray, IntArray]:
        """Column and row of each electrode in the array, from 1."""
        return self.electrodes % _COLUMNS + 1, self.electrodes // _COLUMNS + 1


def read_settings(content: Hdf5File, place: Place, *, old: bool) -> Settings:
    """Read how a well was recorded.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : Place
        Of the well.
    old : bool
        Whether the file has the old layout, in which all recordings were sampled at 20 kHz.

    Returns
    -------
    Settings
        Those of the file.

    Raises
    ------
    CorruptHeaderError
        If rate or gain cannot be true, or a newer file states no rate.
    FileUnitsError
        If the gain is one that no amplifier has.
    ReadError
        Otherwise, if they cannot be read.
    """
    name = f"{place.settings}/sampling"
    rate = number_in(content, name)
    if rate is None and not old:
        raise CorruptHeaderError(content.path, f"states no sampling rate: there is no dataset {name}", _EXPORT)
    rate = checked_rate(content.path, f"dataset {name}", OLD_RATE if rate is None else rate)
    gain_uv, problems = _gain(content, place)
    facts = {}
    for fact in ("gain", "hpf", "spike_threshold"):
        if (value := number_in(content, f"{place.settings}/{fact}")) is not None and np.isfinite(value):
            facts[fact] = value
    return Settings(rate, gain_uv, facts, problems)


def _gain(content: Hdf5File, place: Place) -> tuple[float, tuple[str, ...]]:
    """Return the size of a step in uV, and a sentence where it is not stated, or stated twice and differently."""
    lsb_name, gain_name = f"{place.settings}/lsb", f"{place.settings}/gain"
    lsb, gain = number_in(content, lsb_name), number_in(content, gain_name)
    of_well = f"of well {place.well:03d} in {place.recording}"
    if gain is not None and not gain > 0:
        raise CorruptHeaderError(content.path, f"dataset {gain_name} states a gain of {gain:g}", _EXPORT)
    implied = _SPAN_V / (_STEPS * (gain or _USUAL_GAIN)) * 1e6
    if lsb is not None:
        step = checked_gain(content.path, f"dataset {lsb_name}", lsb * 1e6)
        if gain is None or abs(step - implied) <= _SAME_STEP * implied:
            return step, ()
        said = f"Dataset {lsb_name} states steps of {step:g} uV, and the gain {gain:g} beside it means {implied:g} uV"
        return step, (f"{said}; the former was taken.",)
    step = checked_gain(content.path, f"dataset {gain_name}", implied)
    if gain is not None:
        return step, (f"The file states no lsb {of_well}; steps of {step:g} uV follow from its gain, {gain:g}.",)
    said = f"The file states neither lsb nor gain {of_well}; the usual gain of {_USUAL_GAIN:g} was taken"
    return step, (f"{said}, so that its voltages may be wrong by a factor.",)


def read_routing(content: Hdf5File, place: Place) -> Routing:
    """Read which electrodes of a well were connected to which channel.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : Place
        Of the well.

    Returns
    -------
    Routing
        Without electrodes that were not connected, which the table may list too.

    Raises
    ------
    CorruptHeaderError
        If there is no such table, or it cannot be true.
    ReadError
        Otherwise, if it cannot be read.
    """
    table = content.table(place.mapping, _MOST_CHANNELS)
    if table is None or not {"channel", "electrode"} <= set(table):
        problem = f"does not say which electrodes were recorded: there is no table {place.mapping} of them"
        raise CorruptHeaderError(content.path, problem, _EXPORT)
    channels = whole_numbers(content.path, f"{place.mapping} channel", table["channel"])
    electrodes = whole_numbers(content.path, f"{place.mapping} electrode", table["electrode"])
    if (large := max(channels.max(initial=0), electrodes.max(initial=0))) > _LARGEST_ELECTRODE:
        raise CorruptHeaderError(content.path, f"table {place.mapping} lists an electrode or channel {large}", _EXPORT)
    x, y = (_position(table.get(axis), channels.size) for axis in "xy")
    found = Routing(channels, electrodes, x, y).where((channels >= 0) & (electrodes >= 0))
    return _each_once(found, place)


def _position(values: NDArray[np.generic] | None, size: int) -> FloatArray:
    if values is None or values.dtype.kind not in "iuf":
        return np.full(size, np.nan)
    place = values.astype(np.float64)
    place[~np.isfinite(place)] = np.nan
    return place


def _each_once(found: Routing, place: Place) -> Routing:
    """Leave out rows that repeat a channel or an electrode; stimulation sites are listed again."""
    pairs = np.unique(np.stack([found.channels, found.electrodes], axis=1), axis=0, return_index=True)[1]
    distinct = np.zeros(found.channels.size, np.bool_)
    distinct[pairs] = True
    kept = distinct & _first_of(found.channels, distinct) & _first_of(found.electrodes, distinct)
    problems = []
    if (lost := np.flatnonzero(distinct & ~kept)).size:
        names = listed([f"{found.electrodes[row]} (channel {found.channels[row]})" for row in lost.tolist()])
        what = f"Table {place.mapping} connects a channel or an electrode twice"
        problems.append(f"{what}; of each the first was taken, electrode {names} left out.")
    rest = found.where(kept)
    return Routing(rest.channels, rest.electrodes, rest.x, rest.y, tuple(problems))


def _first_of(numbers: IntArray, among: BoolArray) -> BoolArray:
    """Return which of some rows hold a number for the first time."""
    rows = np.flatnonzero(among)
    first = np.zeros(numbers.size, np.bool_)
    first[rows[np.unique(numbers[rows], return_index=True)[1]]] = True
    return first
