"""Spikes and their waveforms in 3Brain files of all versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError, ReadError
from mnephys.readers.biocam.parts import ChipSpikes, values_in_file
from mnephys.readers.damage import MOST_SPIKES
from mnephys.readers.hdf5.bytes import COPY_AGAIN
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.hdf5.numbers import whole_numbers
from mnephys.recording import IntArray

__all__ = ["FormPart", "Forms", "read_spikes", "with_forms"]

_LONGEST_FORM = 1 << 16
# Waveforms are read in pieces of so many neighbours.
_AT_ONCE = 4096


def read_spikes(content: Hdf5File, group: str, times: str, channels: str) -> tuple[IntArray, IntArray] | None:
    """Read frames and channels of the spikes of a well.

    Parameters
    ----------
    content : Hdf5File
        Open.
    group : str
        Where they stand.
    times, channels : str
        Names of the two datasets.

    Returns
    -------
    frames, channels : ndarray, int64, shape (n_spikes,)
        When, and the number of the channel; None where the file holds no spikes of this well.

    Raises
    ------
    CorruptHeaderError
        If one of the two is missing or shorter than the other, or they hold something else than whole numbers.
    ReadError
        Otherwise, if they cannot be read.
    """
    stored = [content.array(f"{group}/{name}", MOST_SPIKES) for name in (times, channels)]
    if all(values is None for values in stored):
        return None
    found = []
    for name, values in zip((times, channels), stored, strict=True):
        if values is None:
            raise CorruptHeaderError(content.path, f"dataset {group}/{name} is missing", COPY_AGAIN)
        found.append(whole_numbers(content.path, f"dataset {group}/{name}", values))
    if found[0].size != found[1].size:
        problem = f"{group} holds {found[0].size} times of spikes and {found[1].size} channels of them"
        raise CorruptHeaderError(content.path, problem, COPY_AGAIN)
    return found[0], found[1]


def with_forms(content: Hdf5File, name: str, spikes: ChipSpikes) -> tuple[ChipSpikes, tuple[str, ...]]:
    """Find the waveforms of spikes; none of them is read.

    Parameters
    ----------
    content : Hdf5File
        Open.
    name : str
        Of the dataset.
    spikes : ChipSpikes
        Without waveforms.

    Returns
    -------
    spikes : ChipSpikes
        With them, where the file holds some.
    problems : tuple of str
        A sentence where it holds some that cannot be read, or does not say how long they are.
    """
    n_spikes = spikes.frames.size
    try:
        array = values_in_file(content, name)
        if array is None or n_spikes == 0:
            return spikes, ()
        wavelength = _wavelength(content, name, array, n_spikes)
    except ReadError as error:
        return spikes, (f"Waveforms of spikes were left out: {error.problem}.",)
    if wavelength is None:
        said = f"dataset {name} of shape {array.shape} does not hold one waveform for each of {n_spikes} spikes"
        return spikes, (f"Waveforms of spikes were left out: {said}.",)
    found = ChipSpikes(spikes.frames, spikes.electrode, array, wavelength)
    if len(array.shape) == 1 and "Wavelength" not in content.attributes(name):
        return found, (f"Dataset {name} does not say how long a waveform is: {wavelength} samples, by its size.",)
    return found, ()


def _wavelength(content: Hdf5File, name: str, array: LazyArray, n_spikes: int) -> int | None:
    """Return how many samples a waveform has; None where the dataset does not hold one for each spike."""
    if array.dtype.kind not in "iuf" or len(array.shape) not in {1, 2}:
        return None
    if len(array.shape) == 2:
        return array.shape[1] if array.shape[0] == n_spikes and 0 < array.shape[1] <= _LONGEST_FORM else None
    stated = content.attributes(name).get("Wavelength", array.shape[0] // n_spikes)
    value = stated.flat[0] if isinstance(stated, np.ndarray) and stated.size == 1 else stated
    if not isinstance(value, int | float | np.integer | np.floating) or not 0 < value <= _LONGEST_FORM:
        return None
    return int(value) if int(value) * n_spikes == array.shape[0] else None


@dataclass(frozen=True, slots=True, eq=False)
class FormPart:
    """Waveforms of the spikes of one well.

    Parameters
    ----------
    array : LazyArray
        Waveforms in the order of the file, one after the other or one in each row.
    first : int
        How many waveforms stand in the parts before.
    """

    array: LazyArray
    first: int

    def stored(self, start: int, stop: int, wavelength: int) -> NDArray[np.generic]:
        """Return some neighbouring waveforms as they are stored.

        Parameters
        ----------
        start, stop : int
            The first and the one after the last, counted from the first of this part.
        wavelength : int
            Samples of a waveform.

        Returns
        -------
        ndarray, shape (stop - start, wavelength)
            Of the stored type.

        Raises
        ------
        ReadError
            If the file cannot be read any more, or is damaged there.
        """
        if len(self.array.shape) == 2:
            return self.array.read(start, stop)
        return self.array.read(start * wavelength, stop * wavelength).reshape(-1, wavelength)


@dataclass(frozen=True, slots=True, eq=False)
class Forms:
    """Waveforms that stay in the file until rows of them are asked for.

    Parameters
    ----------
    parts : tuple of FormPart
        Well by well.
    order : ndarray, int64, shape (n_spikes,)
        Which waveform of the parts belongs to each spike.
    wavelength : int
        Samples of a waveform.
    zero, gain_uv : float
        The stored number that means 0 uV, and one step in uV.
    sampling_rate : float
        In Hz.
    before : None
        Where in a waveform its spike is, the file does not say.
    """

    parts: tuple[FormPart, ...]
    order: IntArray
    wavelength: int
    zero: float
    gain_uv: float
    sampling_rate: float
    before: None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Spikes and samples."""
        return self.order.size, self.wavelength

    def __len__(self) -> int:
        return int(self.order.size)

    def __getitem__(self, rows: Any) -> NDArray[np.float32]:
        wanted = self.order[rows]
        stored = np.atleast_1d(wanted).ravel()
        found = np.empty((stored.size, self.wavelength), np.float32)
        part = np.searchsorted([part.first for part in self.parts], stored, side="right") - 1
        for number in np.unique(part).tolist():
            here = np.flatnonzero(part == number)
            local = stored[here] - self.parts[number].first
            for piece in np.unique(local // _AT_ONCE).tolist():
                some = here[local // _AT_ONCE == piece]
                place = stored[some] - self.parts[number].first
                first, last = int(place.min()), int(place.max())
                counts = self.parts[number].stored(first, last + 1, self.wavelength)
                # What is larger than float32 can be is infinite.
                with np.errstate(over="ignore", invalid="ignore"):
                    found[some] = (counts[place - first].astype(np.float64) - self.zero) * self.gain_uv
        result: NDArray[np.float32] = found.reshape(*np.shape(wanted), self.wavelength)
        return result
