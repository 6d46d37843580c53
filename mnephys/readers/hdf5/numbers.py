"""Numbers that an HDF5 file states, checked before anything is scaled, placed or counted by them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError, FileUnitsError
from mnephys.readers.hdf5.bytes import COPY_AGAIN
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.recording import IntArray

__all__ = ["checked_gain", "checked_rate", "number_in", "whole_numbers"]

# A setting that holds more values than this is none.
_MOST_VALUES = 1 << 16
_LOWEST_RATE, _HIGHEST_RATE = 100.0, 200_000.0
# In uV per step. The coarsest converter of these instruments steps by half a millivolt.
_FINEST_GAIN, _COARSEST_GAIN = 1e-4, 1e4
_LARGEST = 1 << 53


def number_in(content: Hdf5File, name: str) -> float | None:
    """Return the number that a dataset states.

    Parameters
    ----------
    content : Hdf5File
        Open.
    name : str
        Path of the dataset.

    Returns
    -------
    float or None
        None where there is no such dataset; it need not be finite.

    Raises
    ------
    CorruptHeaderError
        If it holds no number, or several that differ.
    ReadError
        If it cannot be read.
    """
    values = content.array(name, _MOST_VALUES)
    if values is None:
        return None
    if values.dtype.kind not in "iuf" or values.size == 0:
        raise CorruptHeaderError(content.path, f"dataset {name} holds no number", COPY_AGAIN)
    first = float(values.flat[0])
    if values.size > 1 and not (values == values.flat[0]).all():
        raise CorruptHeaderError(content.path, f"dataset {name} holds {values.size} numbers, not one", COPY_AGAIN)
    return first


def whole_numbers(path: str, place: str, values: NDArray[Any]) -> IntArray:
    """Return counts, indices or frame numbers as integers.

    Parameters
    ----------
    path : str
        Of the file, for the message.
    place : str
        What they are, for the message.
    values : ndarray of any shape
        As stored.

    Returns
    -------
    ndarray, int64, shape (n,)
        The same numbers in one row.

    Raises
    ------
    CorruptHeaderError
        If one is not whole, or larger than any count of samples.

    Examples
    --------
    >>> whole_numbers("a.h5", "channels", np.array([2.0, -1.0]))
    array([ 2, -1])
    >>> whole_numbers("a.h5", "channels", np.array([0.5]))
    Traceback (most recent call last):
    mnephys.errors.CorruptHeaderError: a.h5: channels holds 0.5, which is no whole number; the file is damaged: copy \
it again, or export it again
    """
    if values.dtype.kind not in "iuf":
        raise CorruptHeaderError(path, f"{place} holds values of type {values.dtype}, not whole numbers", COPY_AGAIN)
    row = values.ravel()
    if row.dtype.kind == "f":
        # Half precision cannot hold the limit itself.
        row = row.astype(np.float64, copy=False) if row.dtype.itemsize < 8 else row
        wrong = ~(np.abs(row) < _LARGEST) | (row != np.floor(row))
    else:
        wrong = (row >= _LARGEST) | (row <= -_LARGEST) if row.dtype.itemsize == 8 else np.zeros(row.size, np.bool_)
    if wrong.any():
        first = row[int(np.argmax(wrong))]
        raise CorruptHeaderError(path, f"{place} holds {first:g}, which is no whole number", COPY_AGAIN)
    return row.astype(np.int64, copy=False)


def checked_rate(path: str, place: str, rate: float) -> float:
    """Return a sampling rate that can be true.

    Parameters
    ----------
    path : str
        Of the file, for the message.
    place : str
        Where it stands, for the message.
    rate : float
        In Hz.

    Returns
    -------
    float
        The same.

    Raises
    ------
    CorruptHeaderError
        If it is not finite, or outside of 100 Hz to 200 kHz.

    Examples
    --------
    >>> checked_rate("a.h5", "SamplingRate", 20000.0)
    20000.0
    """
    if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        problem = f"{place} states a sampling rate of {rate:g} Hz, which is not within 100 Hz to 200 kHz"
        raise CorruptHeaderError(path, problem, COPY_AGAIN)
    return rate


def checked_gain(path: str, place: str, gain_uv: float) -> float:
    """Return the size of one step of a converter once it can be true.

    Parameters
    ----------
    path : str
        Of the file, for the message.
    place : str
        Where it stands, for the message.
    gain_uv : float
        In uV per step; negative where the signal is inverted.

    Returns
    -------
    float
        The same.

    Raises
    ------
    CorruptHeaderError
        If it is zero or not finite.
    FileUnitsError
        If no instrument has such steps: the unit is not the one that the format prescribes.

    Examples
    --------
    >>> checked_gain("a.h5", "settings/lsb", 6.3)
    6.3
    """
    if not math.isfinite(gain_uv) or gain_uv == 0:
        raise CorruptHeaderError(path, f"{place} states steps of {gain_uv:g} uV, which cannot be true", COPY_AGAIN)
    if not _FINEST_GAIN <= abs(gain_uv) <= _COARSEST_GAIN:
        problem = f"{place} states steps of {gain_uv:g} uV, which no amplifier has: its unit or its value is wrong"
        raise FileUnitsError(path, problem, "correct it in the acquisition program and save the file again")
    return gain_uv
