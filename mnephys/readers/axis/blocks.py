"""A data set of an AxIS file: what its values are, and where they stand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.axis.errors import corrupt
from mnephys.readers.binary import BinaryFile

__all__ = [
    "NAMED",
    "RAW",
    "SPIKES",
    "SPIKE_HEADER_BYTES",
    "DataSet",
    "arrangement",
    "checked_rate",
    "checked_scale",
    "sample_dtype",
    "stated_duration",
]

RAW, SPIKES, NAMED = 0, 1, 2
"""What a data set is: voltage as it was acquired, spikes, or something continuous that has a name."""

SPIKE_HEADER_BYTES = 30
"""Length of what stands before the waveform of a spike, without what is reserved."""

_LOWEST_RATE = 100.0
_HIGHEST_RATE = 200_000.0
_SAMPLE_TYPES = ("<i2", "<i4", "<f4", "<f8")
_LONGEST_BLOCK = 1 << 24
_MOST_SETS = 1000
# Ten weeks.
_LONGEST = 6e6


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set, spikes or continuous.

    Parameters
    ----------
    name : str
        As the file calls it; empty where it does not.
    description : str
        Settings of filter and detector, as text.
    kind : int
        `RAW`, `SPIKES` or `NAMED`. A block is a spike, or else a time point of all channels.
    dtype : dtype
        Of one value.
    sampling_rate : float
        In Hz.
    voltage_scale : float
        V of one count, with its sign.
    n_channels, n_sets, n_samples : int
        Channels, values of each channel, and samples of each value, of a block.
    header_bytes : int
        Of a block, before its values.
    codes : ndarray, uint16, shape (n_listed,), optional
        Channels in the order of the columns: 256 times the chip plus the channel. None where the order is that of the
        channel array.
    start, length : int
        Where the blocks stand, in bytes.
    duration : float, optional
        Length of the recording in s, where the file states it.
    started, experiment_started : str
        Dates in ISO 8601, empty where unknown.
    obstacle : str
        Why it cannot be read; empty where it can.

    Examples
    --------
    >>> DataSet("Voltage", "", NAMED, np.dtype("<i2"), 12500.0, -5.8e-8, n_channels=384, length=7_680_000).n_blocks
    10000
    """

    name: str
    description: str
    kind: int
    dtype: np.dtype[np.generic]
    sampling_rate: float
    voltage_scale: float
    n_channels: int = 1
    n_sets: int = 1
    n_samples: int = 1
    header_bytes: int = 0
    codes: NDArray[np.uint16] | None = None
    start: int = 0
    length: int = 0
    duration: float | None = None
    started: str = ""
    experiment_started: str = ""
    obstacle: str = ""

    @property
    def is_spikes(self) -> bool:
        """Whether its blocks are spikes."""
        return self.kind == SPIKES

    @property
    def microvolts(self) -> float:
        """Microvolts of one count, with their sign."""
        return self.voltage_scale * 1e6

    @property
    def block_bytes(self) -> int:
        """Length of a block: a spike, or a time point of all channels."""
        return self.header_bytes + self.n_channels * self.n_sets * self.n_samples * self.dtype.itemsize

    @property
    def n_blocks(self) -> int:
        """Complete blocks: spikes, or time points."""
        return self.length // self.block_bytes

    @property
    def title(self) -> str:
        """How a sentence calls it."""
        return f"the data set {self.name!r}" if self.name else "the data set without a name"


def sample_dtype(code: int) -> np.dtype[np.generic] | None:
    """Return the type of the values.

    Parameters
    ----------
    code : int
        As the header of a data set states it.

    Returns
    -------
    dtype or None
        None where it is not known.

    Examples
    --------
    >>> sample_dtype(0), sample_dtype(4)
    (dtype('int16'), None)
    """
    return np.dtype(_SAMPLE_TYPES[code]) if code < len(_SAMPLE_TYPES) else None


def arrangement(file: BinaryFile, data_set: DataSet, place: str) -> str:
    """Return why the blocks of a data set cannot be read.

    Parameters
    ----------
    file : BinaryFile
        For the message.
    data_set : DataSet
        With the counts that its header states.
    place : str
        Where they are stored, for the message.

    Returns
    -------
    str
        Empty where they can be read. In which order several values of one channel stand in a block is not known.

    Raises
    ------
    CorruptHeaderError
        If a count is 0, or a block longer than any.

    Examples
    --------
    >>> import io
    >>> file = BinaryFile("p.raw", io.BytesIO(b""), 0)
    >>> spikes = DataSet("", "", SPIKES, np.dtype("<i2"), 12500.0, -5e-8, n_samples=38, header_bytes=30)
    >>> arrangement(file, spikes, "header")
    ''
    """
    counts = data_set.n_channels, data_set.n_sets, data_set.n_samples
    stated = "{} channels, {} data sets and {} samples".format(*counts)
    if min(counts) < 1 or data_set.n_sets > _MOST_SETS or data_set.block_bytes > _LONGEST_BLOCK:
        raise corrupt(file, f"the {place} states blocks of {stated}, which cannot be true")
    if data_set.is_spikes:
        if data_set.header_bytes < SPIKE_HEADER_BYTES:
            raise corrupt(file, f"the {place} states spikes with headers of {data_set.header_bytes} bytes")
        return "" if counts[:2] == (1, 1) else f"its spikes are of {stated} each"
    return "" if counts[1:] == (1, 1) else f"its blocks are of {stated} each, in an order that is not known"


def checked_rate(file: BinaryFile, rate: float, place: str) -> float:
    """Return a sampling rate that can be true.

    Parameters
    ----------
    file : BinaryFile
        For the message.
    rate : float
        As stored, in Hz.
    place : str
        Where it is stored, for the message.

    Returns
    -------
    float
        The same.

    Raises
    ------
    CorruptHeaderError
        If it is not finite, or outside 100 Hz to 200 kHz.

    Examples
    --------
    >>> import io
    >>> checked_rate(BinaryFile("p.raw", io.BytesIO(b""), 0), 12500.0, "header")
    12500.0
    """
    if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        between = f"{_LOWEST_RATE:g} Hz to {_HIGHEST_RATE:g} Hz can be read"
        raise corrupt(file, f"the {place} states a sampling rate of {rate:g} Hz; {between}")
    return rate


def checked_scale(file: BinaryFile, scale: float, place: str) -> float:
    """Return a voltage scale that can be true.

    Parameters
    ----------
    file : BinaryFile
        For the message.
    scale : float
        As stored, in V per count; it may be negative.
    place : str
        Where it is stored, for the message.

    Returns
    -------
    float
        The same.

    Raises
    ------
    CorruptHeaderError
        If it is not finite, or 0, or beyond what a count can be.

    Examples
    --------
    >>> import io
    >>> checked_scale(BinaryFile("p.raw", io.BytesIO(b""), 0), -5.48e-08, "header")
    -5.48e-08
    """
    if not 1e-15 < abs(scale) < 1e3:
        raise corrupt(file, f"the {place} states {scale:g} V per count, which cannot be true")
    return scale


def stated_duration(duration: float, place: str, problems: list[str]) -> float | None:
    """Return the length of a recording, if it can be true.

    Parameters
    ----------
    duration : float
        As stored, in s.
    place : str
        Where it is stored, for the sentence.
    problems : list of str
        Gets a sentence where it cannot be true.

    Returns
    -------
    float or None
        In s; None where it cannot be true, or is 0, which says nothing.

    Examples
    --------
    >>> problems = []
    >>> stated_duration(610.0, "header", problems), stated_duration(float("nan"), "header", problems), problems
    (610.0, None, ['The header states a duration of nan s; it was not used.'])
    """
    if math.isfinite(duration) and 0 < duration <= _LONGEST:
        return duration
    if duration != 0:
        problems.append(f"The {place} states a duration of {duration:g} s; it was not used.")
    return None
