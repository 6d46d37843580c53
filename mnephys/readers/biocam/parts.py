"""What a 3Brain file holds, whichever version wrote it: wells with electrodes on a grid, a time line, a converter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.hdf5.signal_parts import Part
from mnephys.recording import ELECTRODE, IntArray

__all__ = ["ChipSpikes", "ChipWell", "Converter", "TimeLine", "electrodes_of_chip", "values_in_file"]


@dataclass(frozen=True, slots=True)
class Converter:
    """What stored numbers and frames stand for.

    Parameters
    ----------
    rate : float
        Frames per second, in Hz.
    gain_uv : float
        One step in uV, negative where the signal was inverted.
    zero : float
        The stored number that means 0 uV.
    pitch : float
        Distance of neighbouring electrodes in um, NaN where it is not known.
    facts : dict
        What else the file says.
    problems : tuple of str
        What is doubtful about it.
    channels : tuple of int, or None
        Numbers of the channels that were recorded, where the file lists them once for all wells.
    """

    rate: float
    gain_uv: float
    zero: float
    pitch: float = np.nan
    facts: dict[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    channels: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TimeLine:
    """When a recording began and ended.

    Parameters
    ----------
    start : float
        In s.
    stop : float or None
        In s; None where the file does not say it.
    segments : ndarray of dtype `SEGMENT`, shape (n_segments,)
        Stretches without a gap.
    """

    start: float
    stop: float | None
    segments: NDArray[np.void]


@dataclass(frozen=True, slots=True, eq=False)
class ChipSpikes:
    """Spikes of a well in the order of the file.

    Parameters
    ----------
    frames : ndarray, int64, shape (n_spikes,)
        When.
    electrode : ndarray, int64, shape (n_spikes,)
        Position among the electrodes of the well, -1 where it is none of them.
    forms : LazyArray or None
        Their waveforms one after the other, or one in each row.
    wavelength : int
        Samples of a waveform; 0 without waveforms.
    """

    frames: IntArray
    electrode: IntArray
    forms: LazyArray | None = None
    wavelength: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class ChipWell:
    """One well.

    Parameters
    ----------
    name : str
        For example ``"A1"``.
    rows, columns : ndarray, int64, shape (n_electrodes,)
        Place of each electrode in the grid, from 1.
    part : Part or None
        Raw voltage, one channel per electrode.
    spikes : ChipSpikes or None
        None where the file holds no spikes of this well.
    problems : tuple of str
        What was noticed, one sentence each.
    listed : bool
        Whether the file says which electrodes were recorded; if not, silent ones may be missing, or too many.
    """

    name: str
    rows: IntArray
    columns: IntArray
    part: Part | None
    spikes: ChipSpikes | None
    problems: tuple[str, ...] = ()
    listed: bool = True


def electrodes_of_chip(well: ChipWell, pitch: float) -> NDArray[np.void]:
    """Return the electrodes of a well.

    Parameters
    ----------
    well : ChipWell
        Any.
    pitch : float
        Distance of neighbours in um, NaN where it is not known.

    Returns
    -------
    ndarray of dtype `ELECTRODE`, shape (n_electrodes,)
        Labelled ``row_column``.

    Examples
    --------
    >>> well = ChipWell("A1", np.array([1, 64]), np.array([2, 3]), None, None)
    >>> electrodes_of_chip(well, 60.0)[["label", "x", "y"]].tolist()
    [('1_2', 60.0, 0.0), ('64_3', 120.0, 3780.0)]
    """
    found = np.zeros(well.rows.size, ELECTRODE)
    found["well"], found["enabled"] = well.name, True
    found["label"] = [f"{row}_{column}" for row, column in zip(well.rows.tolist(), well.columns.tolist(), strict=True)]
    found["row"], found["column"] = well.rows, well.columns
    found["x"], found["y"] = (well.columns - 1) * pitch, (well.rows - 1) * pitch
    return found


def values_in_file(content: Hdf5File, name: str) -> LazyArray | None:
    """Return a dataset whose values stay in the file.

    Parameters
    ----------
    content : Hdf5File
        Open.
    name : str
        Its path.

    Returns
    -------
    LazyArray or None
        None where there is nothing of this name.

    Raises
    ------
    UnsupportedFormatError
        If it is a link to another place.
    ReadError
        Otherwise, if it cannot be read.
    """
    array = content.lazy(name)
    if array is None and content.has(name):
        problem = f"dataset {name} is a link to another place, which is not followed"
        raise UnsupportedFormatError(content.path, problem, "put the data itself in its place")
    return array
