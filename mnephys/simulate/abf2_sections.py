"""The sections of an ABF2 file that a current-clamp recording needs."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import ProtocolError
from mnephys.simulate import abf2_layout as layout
from mnephys.simulate.protocol import StepProtocol

__all__ = [
    "N_OUTPUTS",
    "Channel",
    "Strings",
    "digital_output_section",
    "epoch_table_section",
    "input_section",
    "output_section",
    "protocol_section",
]

N_OUTPUTS = 4
"""Analogue outputs that are described; the first one carries the steps."""

_ADC_VOLTS = 10.0
_RESOLUTION = 32768
_STRINGS_HEADER = 44


@dataclass(frozen=True, slots=True)
class Channel:
    """One recorded signal and how its volts are scaled.

    Parameters
    ----------
    name, unit : str
        ASCII.
    values : ndarray, shape (n_sweeps, n_samples)
        In `unit`.
    full_scale : float
        The value in `unit` that 10 V stand for.

    Examples
    --------
    >>> Channel("Vm", "mV", np.array([[-500.0, 0.0, 250.0]]), 1000.0).digitised()
    array([[-16384,      0,   8192]], dtype=int16)
    """

    name: str
    unit: str
    values: NDArray[np.float64]
    full_scale: float

    @property
    def scale_factor(self) -> float:
        """Volts per unit, in the single precision of the file."""
        return float(np.float32(_ADC_VOLTS / self.full_scale))

    def digitised(self) -> NDArray[np.int16]:
        """Return the values as the digitiser's integers.

        Returns
        -------
        ndarray, int16, shape (n_sweeps, n_samples)
            Rounded to the nearest.

        Raises
        ------
        ProtocolError
            If a value is beyond the full scale or not finite.
        """
        counts = np.rint(self.values * (self.scale_factor * _RESOLUTION / _ADC_VOLTS))
        if not np.isfinite(counts).all() or np.abs(counts).max() > _RESOLUTION - 1:
            raise ProtocolError(
                f"{self.name} leaves +-{self.full_scale:g} {self.unit} or is not finite; scale it first"
            )
        return counts.astype("<i2")


class Strings:
    r"""The strings section: texts in a row, pointed to by their number, counted from 1.

    Examples
    --------
    >>> strings = Strings()
    >>> strings.add("mV"), strings.add("pA"), strings.encode()[-6:]
    (1, 2, b'mV\x00pA\x00')
    """

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, text: str) -> int:
        """Store a text.

        Parameters
        ----------
        text : str
            ASCII, not empty.

        Returns
        -------
        int
            Its number.

        Raises
        ------
        ProtocolError
            If it cannot be stored.
        """
        # Two NULs in a row mark the start of the list for readers, so no text may be empty.
        if not text or "\0" in text or not text.isascii():
            raise ProtocolError(f"text {text!r} cannot be stored; use ASCII letters, at least one")
        self.texts.append(text)
        return len(self.texts)

    def encode(self) -> bytes:
        """Return the section.

        Returns
        -------
        bytes
            Header and texts.
        """
        body = b"".join(text.encode("ascii") + b"\0" for text in self.texts)
        longest = max(len(text) for text in self.texts) + 1
        head = b"SSCH" + struct.pack("<4I", 1, len(self.texts), longest, len(body))
        return head.ljust(_STRINGS_HEADER, b"\0") + body


def protocol_section(
    protocol: StepProtocol, sampling_rate: float, interval: float, n_channels: int, comment_index: int
) -> bytes:
    """Return the protocol section.

    Parameters
    ----------
    protocol : StepProtocol
        The steps of current.
    sampling_rate : float
        In Hz, per channel.
    interval : float
        From the start of one sweep to the next in s.
    n_channels : int
        Number of recorded channels.
    comment_index : int
        Number of the file comment among the strings.

    Returns
    -------
    bytes
        The section.
    """
    return layout.pack(
        layout.PROTOCOL,
        layout.BLOCK,
        nOperationMode=5,
        fADCSequenceInterval=1e6 / sampling_rate,
        uFileCompressionRatio=1,
        fSynchTimeUnit=1e6 / sampling_rate,
        lNumSamplesPerEpisode=protocol.sweep_samples * n_channels,
        lEpisodesPerRun=protocol.n_sweeps,
        lRunsPerTrial=1,
        lNumberOfTrials=1,
        fEpisodeStartToStart=interval,
        lAverageCount=1,
        lSamplesPerTrace=protocol.sweep_samples * n_channels,
        lFinishDisplayNum=protocol.sweep_samples * n_channels,
        fADCRange=_ADC_VOLTS,
        fDACRange=10.0,
        lADCResolution=_RESOLUTION,
        lDACResolution=_RESOLUTION,
        nExperimentType=2,
        nManualInfoStrategy=1,
        nCommentsEnable=1,
        lFileCommentIndex=comment_index,
        nDigitizerADCs=16,
        nDigitizerDACs=N_OUTPUTS,
    )


def input_section(channels: Sequence[Channel], strings: Strings) -> bytes:
    """Return the section of the recorded channels.

    Parameters
    ----------
    channels : sequence of Channel
        The recorded signals, in the order of the data.
    strings : Strings
        Where names and units go.

    Returns
    -------
    bytes
        The section.
    """
    return b"".join(
        layout.pack(
            layout.ADC,
            layout.ADC_SIZE,
            nADCNum=number,
            fTelegraphAdditGain=1.0,
            nADCPtoLChannelMap=number,
            nADCSamplingSeq=number,
            fADCProgrammableGain=1.0,
            fADCDisplayAmplification=1.0,
            fInstrumentScaleFactor=channel.scale_factor,
            fSignalGain=1.0,
            fSignalLowpassFilter=10000.0,
            lADCChannelNameIndex=strings.add(channel.name),
            lADCUnitsIndex=strings.add(channel.unit),
        )
        for number, channel in enumerate(channels)
    )


def output_section(protocol: StepProtocol, strings: Strings) -> bytes:
    """Return the section of the outputs; the first carries the steps.

    Parameters
    ----------
    protocol : StepProtocol
        The steps of current.
    strings : Strings
        Where names and units go.

    Returns
    -------
    bytes
        The section.
    """
    return b"".join(
        layout.pack(
            layout.DAC,
            layout.DAC_SIZE,
            nDACNum=number,
            fDACScaleFactor=400.0,
            fDACHoldingLevel=0.0 if number else protocol.holding,
            fDACCalibrationFactor=1.0,
            lDACChannelNameIndex=strings.add(f"Cmd {number}"),
            lDACChannelUnitsIndex=strings.add("pA"),
            nWaveformEnable=int(number == 0),
            nWaveformSource=1,
            nInterEpisodeLevel=0,
            fDACFileScale=1.0,
        )
        for number in range(N_OUTPUTS)
    )


def epoch_table_section(protocol: StepProtocol) -> bytes:
    """Return the epoch table of the first output.

    Parameters
    ----------
    protocol : StepProtocol
        The steps of current.

    Returns
    -------
    bytes
        The section.
    """
    return b"".join(
        layout.pack(
            layout.EPOCH_PER_DAC,
            layout.EPOCH_PER_DAC_SIZE,
            nEpochNum=number,
            nDACNum=0,
            nEpochType=1,
            fEpochInitLevel=epoch.level,
            fEpochLevelInc=epoch.increment,
            lEpochInitDuration=epoch.samples,
        )
        for number, epoch in enumerate(protocol.epochs)
    )


def digital_output_section(protocol: StepProtocol) -> bytes:
    """Return the section of digital outputs, all of them off.

    Parameters
    ----------
    protocol : StepProtocol
        The steps of current.

    Returns
    -------
    bytes
        The section.
    """
    return b"".join(
        layout.pack(layout.EPOCH, layout.EPOCH_SIZE, nEpochNum=number) for number in range(len(protocol.epochs))
    )
