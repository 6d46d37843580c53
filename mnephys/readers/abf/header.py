"""What an ABF header says, the same for both generations of the format.

`mnephys.readers.abf.abf1_header` and `mnephys.readers.abf.abf2_header` build an `AbfHeader`; it holds nothing that
has not been checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mnephys.recording import Clamp, FloatArray, IntArray

__all__ = [
    "EPISODIC",
    "FIXED_LENGTH",
    "GAP_FREE",
    "HIGH_SPEED",
    "VARIABLE_LENGTH",
    "AbfHeader",
    "AdcChannel",
    "DacChannel",
    "Epoch",
    "Sweeps",
    "UserList",
]

#: Modes of acquisition.
VARIABLE_LENGTH, FIXED_LENGTH, GAP_FREE, HIGH_SPEED, EPISODIC = 1, 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class AdcChannel:
    """One recorded channel.

    Parameters
    ----------
    name, unit : str
        As stored.
    gain, offset : float
        A count times `gain` plus `offset` is the value in `unit`.
    telegraphed : Clamp, optional
        What the amplifier reported; None where it reported nothing.
    """

    name: str
    unit: str
    gain: float
    offset: float
    telegraphed: Clamp | None = None


@dataclass(frozen=True, slots=True)
class Epoch:
    """One column of the waveform table.

    Parameters
    ----------
    kind : int
        1 step, 2 ramp, 3 pulses, 4 triangles, 5 cosines, 7 biphasic pulses.
    level, level_step : float
        Level in the first sweep and its change from sweep to sweep, in the unit of the output.
    duration, duration_step : int
        The same of the duration, in samples of one channel.
    period, width : int
        Of the pulses of a train, in samples of one channel.
    """

    kind: int
    level: float
    level_step: float
    duration: int
    duration_step: int
    period: int = 0
    width: int = 0


@dataclass(frozen=True, slots=True)
class UserList:
    """Values that replace one parameter of the waveform table, sweep by sweep.

    Parameters
    ----------
    parameter : str
        ``level``, ``duration``, ``period`` or ``width``; ``other`` for what leaves the waveform alone.
    epoch : int
        Number of the epoch.
    text : str
        The values, as typed by the user.
    repeat : bool
        Whether the list starts again at its end; otherwise its last value stays.
    """

    parameter: str
    epoch: int
    text: str
    repeat: bool


@dataclass(frozen=True, slots=True)
class DacChannel:
    """One output.

    Parameters
    ----------
    index : int
        Its number.
    name, unit : str
        As stored.
    holding : float or None
        Level between waveforms in `unit`; None where the stored one is not credible.
    enabled : bool
        Whether a waveform was put out; in no other mode than episodic stimulation.
    source : int
        Of the waveform: 0 none, 1 the epochs, 2 a file.
    keep_last_level : bool
        Whether the level of the last epoch was held until the next sweep.
    epochs : mapping of int to Epoch
        By number, without those that are off.
    user_list : UserList, optional
        What varies beside the epochs.
    conditioning : bool
        Whether a train came before each sweep.
    """

    index: int
    name: str
    unit: str
    holding: float | None
    enabled: bool
    source: int
    keep_last_level: bool
    epochs: Mapping[int, Epoch]
    user_list: UserList | None = None
    conditioning: bool = False

    @property
    def drives(self) -> bool:
        """Whether it put out a waveform."""
        return self.enabled and self.source != 0


@dataclass(frozen=True, slots=True)
class Sweeps:
    """Where the sweeps lie, back to back.

    Parameters
    ----------
    length : ndarray, int, shape (n_sweeps,)
        In samples of one channel.
    start : ndarray, float, shape (n_sweeps,)
        In s after the start of the recording.
    problems : tuple of str
        What was noticed.
    """

    length: IntArray
    start: FloatArray
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AbfHeader:
    """All that the header says and that was found credible.

    Parameters
    ----------
    version : str
        Of the format.
    mode : int
        Of the acquisition, 1 to 5.
    sampling_rate : float
        Of one channel, in Hz.
    data_offset : int
        Of the first sample, in bytes.
    dtype : dtype
        Of a sample: int16 or float32.
    channels : tuple of AdcChannel
        In the order in which they are interleaved.
    dacs : tuple of DacChannel
        All outputs.
    active_dac : int
        Index of the output that was shown as the active one.
    alternating : bool
        Whether the first two outputs take turns, sweep by sweep.
    sweeps : Sweeps
        Where they lie.
    tags : tuple of (float, str)
        Time in s and text.
    problems : tuple of str
        What was noticed.
    metadata : mapping
        Everything else.
    """

    version: str
    mode: int
    sampling_rate: float
    data_offset: int
    dtype: np.dtype[Any]
    channels: tuple[AdcChannel, ...]
    dacs: tuple[DacChannel, ...]
    active_dac: int
    alternating: bool
    sweeps: Sweeps
    tags: tuple[tuple[float, str], ...] = ()
    problems: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_samples(self) -> int:
        """Samples of one channel in all sweeps."""
        return int(self.sweeps.length.sum())
