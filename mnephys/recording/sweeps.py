"""Sweeps of one cell under current or voltage clamp."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mnephys.errors import UnitsError
from mnephys.recording.arrays import FloatArray, IntArray
from mnephys.recording.provenance import Provenance

__all__ = ["Clamp", "CommandSource", "SweepRecording"]


class Clamp(StrEnum):
    """What the amplifier controlled."""

    CURRENT = "current clamp"
    VOLTAGE = "voltage clamp"


class CommandSource(StrEnum):
    """Where the command came from, most trusted first."""

    RECORDED = "recorded"
    USER_LIST = "user list"
    EPOCH_TABLE = "epoch table"
    INFERRED = "inferred"
    NONE = "none"


def _sweeps(values: ArrayLike, name: str) -> FloatArray:
    """Return sweeps as the rows of an array; rows that are empty get one missing sample, so that none is."""
    rows = np.atleast_2d(np.asarray(values, dtype=np.float32))
    if rows.ndim != 2 or not len(rows):
        raise ValueError(f"{name} has shape {rows.shape}, needs (n_sweeps, n_samples) with at least one sweep")
    return rows if rows.shape[1] else np.full((len(rows), 1), np.nan, dtype=np.float32)


def _recorded_samples(response: FloatArray) -> IntArray:
    """Return how many samples of each sweep stand before the NaN at its end."""
    finite = np.isfinite(response)
    trailing = np.argmax(finite[:, ::-1], axis=1)
    count: IntArray = np.where(finite.any(axis=1), response.shape[1] - trailing, 0)
    return count


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SweepRecording:
    """Sweeps of one cell under current or voltage clamp.

    Parameters
    ----------
    response : ndarray, float32, shape (n_sweeps, n_samples)
        Membrane potential in mV (current clamp) or membrane current in pA (voltage clamp).
        Sweeps shorter than the longest are padded with NaN. There is at least one sweep, and one sample, NaN where
        nothing was recorded.
    sampling_rate : float
        In Hz.
    clamp : Clamp
        What the amplifier controlled.
    command : ndarray, float32, shape (n_sweeps, n_samples), optional
        Injected current in pA (current clamp) or command potential in mV (voltage clamp).
    command_source : CommandSource
        Where `command` came from.
    n_valid : ndarray, int, shape (n_sweeps,), optional
        Samples of each sweep that were recorded; if omitted, all but NaN at its end.
    sweep_start : ndarray, float, shape (n_sweeps,), optional
        Start of each sweep in s after the start of the recording.
    holding : float, optional
        Command between sweeps in pA or mV; None where the file does not say.
    channel : str
        Name of the response channel.
    tags : tuple of (float, str)
        Time in s and text of each comment set during the recording.
    junction_potential : float, optional
        Liquid junction potential in mV; None where unknown.
    junction_potential_subtracted : bool, optional
        Whether it is already subtracted from the voltages; None where unknown.
    problems : tuple of str
        What the reader noticed, one sentence each: two commands that disagree, for example.
    metadata : mapping
        Everything else that the file says.
    provenance : Provenance
        Where it came from.

    Raises
    ------
    ValueError
        If shapes disagree, there is no sweep, or the sampling rate is not finite and positive.

    Examples
    --------
    >>> import numpy as np
    >>> recording = SweepRecording(np.full((2, 1000), -70.0), 20000.0, Clamp.CURRENT)
    >>> recording
    SweepRecording: current clamp, 2 sweeps x 0.05 s @ 20 kHz, response mV, command none
    """

    response: FloatArray
    sampling_rate: float
    clamp: Clamp
    command: FloatArray | None = None
    command_source: CommandSource = CommandSource.NONE
    n_valid: IntArray = None  # type: ignore[assignment]  # filled in __post_init__, an array ever after
    sweep_start: FloatArray = None  # type: ignore[assignment]  # filled in __post_init__, an array ever after
    holding: float | None = None
    channel: str = ""
    tags: tuple[tuple[float, str], ...] = ()
    junction_potential: float | None = None
    junction_potential_subtracted: bool | None = None
    problems: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        clamp, source = Clamp(self.clamp), CommandSource(self.command_source)
        response = _sweeps(self.response, "response")
        if not (np.isfinite(self.sampling_rate) and self.sampling_rate > 0):
            raise ValueError(f"sampling_rate is {self.sampling_rate}, needs a positive number of Hz")
        n_sweeps, n_samples = response.shape
        command = None if self.command is None else _sweeps(self.command, "command")
        if command is not None and command.shape != response.shape:
            raise ValueError(f"command has shape {command.shape}, response {response.shape}")
        if (command is None) is not (source in {CommandSource.NONE, CommandSource.INFERRED}):
            raise ValueError(f"command_source is {source.value!r}, which contradicts command")
        n_valid = _recorded_samples(response) if self.n_valid is None else np.asarray(self.n_valid, dtype=int)
        start = np.zeros(n_sweeps) if self.sweep_start is None else np.asarray(self.sweep_start, dtype=float)
        if n_valid.shape != (n_sweeps,) or start.shape != (n_sweeps,):
            raise ValueError("n_valid and sweep_start need one value per sweep")
        if ((n_valid < 0) | (n_valid > n_samples)).any():
            raise ValueError(f"n_valid needs to lie in 0..{n_samples}")
        if not np.isfinite(start).all():
            raise ValueError("sweep_start needs finite times in s")
        for name, value in {
            "response": response,
            "command": command,
            "n_valid": n_valid,
            "sweep_start": start,
            "sampling_rate": float(self.sampling_rate),
            "clamp": clamp,
            "command_source": source,
        }.items():
            object.__setattr__(self, name, value)

    @property
    def n_sweeps(self) -> int:
        """Number of sweeps."""
        return int(self.response.shape[0])

    @property
    def n_samples(self) -> int:
        """Samples of the longest sweep."""
        return int(self.response.shape[1])

    @property
    def duration(self) -> float:
        """Length of the longest sweep in s."""
        return self.n_samples / self.sampling_rate

    @property
    def response_unit(self) -> str:
        """``"mV"`` under current clamp, ``"pA"`` under voltage clamp."""
        return "mV" if self.clamp is Clamp.CURRENT else "pA"

    @property
    def command_unit(self) -> str:
        """``"pA"`` under current clamp, ``"mV"`` under voltage clamp."""
        return "pA" if self.clamp is Clamp.CURRENT else "mV"

    def require(self, clamp: Clamp) -> None:
        """Raise unless the recording was made under `clamp`.

        Parameters
        ----------
        clamp : Clamp
            The one that is needed.

        Raises
        ------
        UnitsError
            If the response is in the other unit.
        """
        if self.clamp is not clamp:
            raise UnitsError(f"{self.provenance.path or 'recording'}: is {self.clamp.value}, needs {clamp.value}")

    def __repr__(self) -> str:
        return (
            f"SweepRecording: {self.clamp.value}, {self.n_sweeps} sweep{'s' * (self.n_sweeps != 1)} x "
            f"{self.duration:g} s @ {self.sampling_rate / 1000:g} kHz, response {self.response_unit}, "
            f"command {self.command_source.value}"
        )
