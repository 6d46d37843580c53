"""What a flat HDF5 file of spike trains says beside them: plate, positions, treatments, duration.

All of it may be missing or damaged: then a sentence says so, and the spikes are read all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import ReadError
from mnephys.readers.hdf5.file import Hdf5File, texts_of
from mnephys.readers.spike_trains.columns import LATEST, listed
from mnephys.recording import FloatArray, PlateLayout

__all__ = ["metadata", "positions", "read_notes", "stated_extent", "well_facts", "well_of"]

_MOST = 100_000
_PLATE = ("array", "epos", "well", "treatment", "dose", "units", "size")
_TIMES = ("recordingtime", "summary/duration")
_META = tuple(f"meta/{name}" for name in ("age", "species", "strain", "genotype", "region", "DIV0"))
_FACTS = {"treatment": "treatment", "dose": "dose", "units": "dose_unit"}
_UNKNOWN = frozenset({"", "na", "n/a", "nan"})
_WELL = re.compile("([A-Za-z])0?([1-9][0-9]?)")
# Further from the origin, in um, than any plate is wide.
_FARTHEST = 1e6
# Spike times lie on the grid of the samples; what misses the end by less than one sample does not.
_SAMPLE = 1e-3
# A recording of more than six hours whose spikes span less than a hundredth of it: that is no number of s.
_LONG = 21_600.0
_SPANS = 100.0


def well_of(text: str) -> str:
    """Return the name of a well in its usual spelling.

    Parameters
    ----------
    text : str
        From a file.

    Returns
    -------
    str
        Empty where it is no well.

    Examples
    --------
    >>> well_of("a01"), well_of("H12"), well_of("ch_12")
    ('A1', 'H12', '')
    """
    parts = _WELL.fullmatch(text)
    return "" if parts is None else parts[1].upper() + parts[2]


def read_notes(file: Hdf5File) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
    """Return the datasets beside the spikes that can be read.

    Parameters
    ----------
    file : Hdf5File
        Open.

    Returns
    -------
    found : dict of str to ndarray of any shape
        By name in small letters; some files write those of the wells with a capital.
    problems : tuple of str
        A sentence for each that is there and cannot be read.
    """
    found, problems = {}, []
    for name in (*_PLATE, *_TIMES, *_META):
        try:
            values = file.array(name, _MOST)
            if values is None and name in _PLATE:
                values = file.array(name.capitalize(), _MOST)
        except ReadError as error:
            problems.append(f"It was read without one dataset: {error.problem}.")
            continue
        if values is not None:
            found[name] = values
    return found, tuple(problems)


def metadata(found: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Return what is said of plate and culture.

    Parameters
    ----------
    found : mapping of str to ndarray of any shape
        From `read_notes`.

    Returns
    -------
    dict
        ``array``, ``age``, ``species`` and the like: text, a number, or a list of them.
    """
    said: dict[str, Any] = {}
    for name in ("array", "size", *_META, *_TIMES):
        if name in found:
            values = found[name]
            plain: list[Any] = texts_of(values) if values.dtype.kind == "S" else values.ravel().tolist()
            if {str(value).lower() for value in plain} - _UNKNOWN:
                said[name.removeprefix("meta/")] = plain[0] if len(plain) == 1 else plain
    return said


def positions(found: Mapping[str, NDArray[Any]], n_names: int) -> tuple[FloatArray, tuple[str, ...]]:
    """Return where the electrodes are.

    Parameters
    ----------
    found : mapping of str to ndarray of any shape
        From `read_notes`.
    n_names : int
        Number of electrodes that the file names.

    Returns
    -------
    places : ndarray, float64, shape (n_names, 2)
        x and y in um; NaN where unknown.
    problems : tuple of str
        A sentence where the file states them and they cannot be used.
    """
    unknown = np.full((n_names, 2), np.nan)
    stored = found.get("epos")
    if stored is None:
        return unknown, ()
    if stored.dtype.kind not in "fiu" or stored.shape not in {(2, n_names), (n_names, 2)}:
        what = f"values of type {stored.dtype} in the shape {stored.shape}"
        return unknown, (f"Dataset epos holds {what}, not x and y of {n_names} electrodes; it was left out.",)
    places = (stored.T if stored.shape == (2, n_names) else stored).astype(np.float64)
    farthest: FloatArray = np.abs(places).max(axis=1, initial=0.0)
    wrong = ~(farthest <= _FARTHEST)
    if not wrong.any():
        return places, ()
    sentence = f"Dataset epos places {wrong.sum()} electrodes where no plate reaches; these positions were left out."
    return np.where(wrong[:, np.newaxis], np.nan, places), (sentence,)


def stated_extent(
    found: Mapping[str, NDArray[Any]], first: float, last: float
) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """Return when the recording began and ended, if the file says so and it can be true.

    Two numbers of ``recordingtime`` are begin and end in s. A single number, there or in ``summary/duration``, is
    the length in s: from 0 if the last spike lies within it, else from the first spike, because the times of some
    files do not count from the beginning of the recording.

    Parameters
    ----------
    found : mapping of str to ndarray of any shape
        From `read_notes`.
    first, last : float
        First and last spike of the plate in s; inf and -inf where there is none.

    Returns
    -------
    extent : tuple of float, or None
        Begin and end in s, around all spikes.
    problems : tuple of str
        A sentence for each statement that cannot be true.

    Examples
    --------
    >>> stated_extent({"recordingtime": np.array([100.0, 1000.0])}, 102.5, 990.0)[0]
    (100.0, 1000.0)
    >>> stated_extent({"summary/duration": np.array([900.0])}, 102.5, 990.0)[0]
    (102.5, 1002.5)
    >>> stated_extent({"summary/duration": np.array([15.0])}, 102.5, 990.0)[1]
    ('Dataset summary/duration states 15 s, the spikes lie at 102.5 to 990 s; it was not used.',)
    """
    problems: list[str] = []
    for name in _TIMES:
        if name not in found:
            continue
        stored = found[name]
        numbers = stored.ravel().astype(np.float64).tolist() if stored.dtype.kind in "fiu" else []
        extent = _extent(numbers, first, last)
        if extent is not None:
            return extent, tuple(problems)
        said = " to ".join(f"{number:g}" for number in numbers[:3]) or "no number"
        spikes = f", the spikes lie at {first:g} to {last:g} s" if first <= last else ""
        problems.append(f"Dataset {name} states {said} s{spikes}; it was not used.")
    return None, tuple(problems)


def _extent(numbers: list[float], first: float, last: float) -> tuple[float, float] | None:
    """Return begin and end from one or two numbers, None where they cannot be true."""
    if not (1 <= len(numbers) <= 2 and np.abs(numbers).max() <= LATEST):
        return None
    if len(numbers) == 2:
        begin, end = numbers
    else:
        begin = 0.0 if first >= 0 and last <= numbers[0] + _SAMPLE else first
        end = begin + numbers[0]
    if end <= begin or first < begin - _SAMPLE or last > end + _SAMPLE:
        return None
    if end - begin > max(_LONG, _SPANS * (last - first)):
        return None
    return min(begin, first), max(end, last)


def well_facts(
    found: Mapping[str, NDArray[Any]], layout: PlateLayout
) -> tuple[dict[str, dict[str, str]], tuple[str, ...]]:
    """Return what was done to each well.

    Parameters
    ----------
    found : mapping of str to ndarray of any shape
        From `read_notes`.
    layout : PlateLayout
        The plate.

    Returns
    -------
    facts : dict of str to dict
        By well: ``treatment``, ``dose``, ``dose_unit``, as written, without what is ``NA``; a dose of 0 is a dose.
        ``control`` is ``yes`` where the treatment is called control.
    problems : tuple of str
        Sentences on what could not be told which well it belongs to.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS
    >>> found = {"well": np.array([b"A1", b"A2"]), "treatment": np.array([b"control", b"TTX"])}
    >>> well_facts(found | {"dose": np.array([b"NA", b"0.3"]), "units": np.array([b"uM", b"uM"])}, LAYOUTS["6-well"])[0]
    {'A1': {'treatment': 'control', 'control': 'yes'}, 'A2': {'treatment': 'TTX', 'dose': '0.3', 'dose_unit': 'uM'}}
    """
    columns = {fact: texts_of(found[name]) for name, fact in _FACTS.items() if name in found}
    if not columns:
        return {}, ()
    names = ", ".join(name for name in _FACTS if name in found)
    wells = texts_of(found["well"]) if "well" in found else []
    if not wells:
        if any(len(set(column)) > 1 for column in columns.values()):
            return {}, (f"There is no dataset well that says to which wells {names} belong; they were left out.",)
        wells, columns = list(layout.wells), {fact: column[:1] * len(layout.wells) for fact, column in columns.items()}
    if any(len(column) != len(wells) for column in columns.values()):
        lengths = ", ".join(str(len(column)) for column in columns.values())
        return {}, (f"Dataset well holds {len(wells)} wells, {names} hold {lengths} values; they were left out.",)
    facts: dict[str, dict[str, str]] = {}
    strange, torn = [], []
    for row, text in enumerate(wells):
        well = well_of(text)
        said = _facts({fact: column[row] for fact, column in columns.items()})
        if layout.place(well) is None:
            strange.append(text)
        elif facts.setdefault(well, said) != said:
            torn.append(well)
    problems = []
    if strange:
        problems.append(f"A {layout.name} plate has no well {listed(strange)}; what is said of it was left out.")
    if torn:
        problems.append(f"Dataset well holds {listed(torn)} with different facts; they were left out.")
    return {well: said for well, said in facts.items() if said and well not in torn}, tuple(problems)


def _facts(written: Mapping[str, str]) -> dict[str, str]:
    said = {fact: text for fact, text in written.items() if text.lower() not in _UNKNOWN}
    if "dose" not in said:
        said.pop("dose_unit", None)
    if said.get("treatment", "").lower() == "control":
        said["control"] = "yes"
    return said
