"""Checks that the headers of both ABF generations share: no field is used before it was found credible.

The layouts are those of the vendor's header files (``abfheadr.h``, ``ProtocolStructs.hpp``) and of the *Axon
Binary File Format User Guide*, Molecular Devices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mnephys.errors import CorruptHeaderError, UnsupportedFormatError
from mnephys.readers.abf import header as model
from mnephys.readers.binary import BinaryFile
from mnephys.readers.damage import DAMAGED_HEADER
from mnephys.recording import Clamp

__all__ = [
    "BLOCK",
    "adc_gain",
    "corrupt",
    "credible_level",
    "mode_name",
    "rounded_rate",
    "sample_type",
    "telegraphed_clamp",
    "tick_seconds",
]

#: Sections begin at multiples of this many bytes.
BLOCK = 512

_MODES = {
    model.VARIABLE_LENGTH: "variable-length events",
    model.FIXED_LENGTH: "fixed-length events",
    model.GAP_FREE: "gap-free",
    model.HIGH_SPEED: "high-speed oscilloscope",
    model.EPISODIC: "episodic stimulation",
}
_LOWEST_RATE, _HIGHEST_RATE = 100.0, 200_000.0
_MULTICLAMP = 24


def corrupt(file: BinaryFile, problem: str) -> CorruptHeaderError:
    """Return the error for a field that cannot be true.

    Parameters
    ----------
    file : BinaryFile
        The recording.
    problem : str
        What the header says.

    Returns
    -------
    CorruptHeaderError
        To be raised.
    """
    return CorruptHeaderError(file.path, problem, DAMAGED_HEADER)


def mode_name(file: BinaryFile, mode: int) -> str:
    """Return the name of the mode of acquisition.

    Parameters
    ----------
    file : BinaryFile
        For messages.
    mode : int
        As stored, 1 to 5.

    Returns
    -------
    str
        What the acquisition program calls it.

    Raises
    ------
    CorruptHeaderError
        If there is no such mode.
    UnsupportedFormatError
        If it is one that cannot be read.
    """
    if mode not in _MODES:
        raise corrupt(file, f"the header states acquisition mode {mode}, which does not exist")
    if mode == model.HIGH_SPEED:
        raise UnsupportedFormatError(
            file.path, "was acquired in high-speed oscilloscope mode, which is not read", "export it as episodic sweeps"
        )
    return _MODES[mode]


def sample_type(file: BinaryFile, code: int) -> np.dtype[Any]:
    """Return the type of the samples.

    Parameters
    ----------
    file : BinaryFile
        For messages.
    code : int
        As stored: 0 for integers, 1 for floating point.

    Returns
    -------
    dtype
        int16 or float32, little endian.

    Raises
    ------
    CorruptHeaderError
        If it is neither.
    """
    if code not in {0, 1}:
        raise corrupt(file, f"the header states data format {code}, which is neither 0 (integer) nor 1 (float)")
    return np.dtype("<i2") if code == 0 else np.dtype("<f4")


def rounded_rate(file: BinaryFile, interval: float) -> float:
    """Return the sampling rate of one channel in Hz.

    Parameters
    ----------
    file : BinaryFile
        For messages.
    interval : float
        Between two samples of one channel, in us.

    Returns
    -------
    float
        Rounded to the seven digits that a float32 interval carries.

    Raises
    ------
    CorruptHeaderError
        If it is not finite, or outside 100 Hz to 200 kHz.
    """
    rate = 1e6 / interval if math.isfinite(interval) and interval > 0 else math.nan
    rate = float(f"{rate:.7g}")
    if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        raise corrupt(
            file,
            f"the header states a sampling interval of {interval:g} us; "
            f"{_LOWEST_RATE:g} Hz to {_HIGHEST_RATE:g} Hz can be read",
        )
    return rate


def tick_seconds(unit: float, sampling_rate: float, n_channels: int) -> float:
    """Return the unit of the times in a header, in s.

    Parameters
    ----------
    unit : float
        As stored, in us; 0 where times count the samples of all channels.
    sampling_rate : float
        Of one channel, in Hz.
    n_channels : int
        How many there are.

    Returns
    -------
    float
        In s.

    Examples
    --------
    >>> tick_seconds(50.0, 20_000.0, 2), tick_seconds(0.0, 20_000.0, 2)
    (5e-05, 2.5e-05)
    """
    return unit / 1e6 if math.isfinite(unit) and unit > 0 else 1 / (sampling_rate * n_channels)


def adc_gain(file: BinaryFile, name: str, factors: Mapping[str, float], offset: float) -> float:
    """Return the value of one count.

    Parameters
    ----------
    file : BinaryFile
        For messages.
    name : str
        Of the channel, for messages.
    factors : mapping of str to float
        ``range`` (V) is divided by all the others; the names are for the message.
    offset : float
        What is added to every value.

    Returns
    -------
    float
        In the unit of the channel.

    Raises
    ------
    CorruptHeaderError
        If a factor is zero or not finite, or the result is beyond all units.
    """
    gain = 1.0
    for what, factor in factors.items():
        if not math.isfinite(factor) or factor == 0:
            raise corrupt(file, f"channel {name!r} has a {what} of {factor:g}, which cannot be true")
        gain = gain * factor if what == "range" else gain / factor
    if not (1e-12 < abs(gain) < 1e12 and abs(offset) < 1e12):
        raise corrupt(file, f"channel {name!r} has a gain of {gain:g} and an offset of {offset:g}")
    return gain


def credible_level(level: float) -> float | None:
    """Return an output level, or None for what uninitialised memory leaves in a header.

    Parameters
    ----------
    level : float
        As stored.

    Returns
    -------
    float or None
        The level; 0 where it is too small to be one.
    """
    if not math.isfinite(level) or abs(level) > 1e6:
        return None
    return 0.0 if abs(level) < 1e-6 else float(level)


def telegraphed_clamp(enabled: int, instrument: int, mode: int) -> Clamp | None:
    """Return the clamp that the amplifier reported; only a MultiClamp reports one that can be trusted.

    Parameters
    ----------
    enabled, instrument, mode : int
        As stored for the channel.

    Returns
    -------
    Clamp or None
        None where nothing was reported.
    """
    if enabled != 1 or instrument != _MULTICLAMP:
        return None
    # Mode 2 is current clamp without any current.
    return {0: Clamp.VOLTAGE, 1: Clamp.CURRENT, 2: Clamp.CURRENT}.get(mode)
