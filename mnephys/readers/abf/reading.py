"""Axon Binary Format, versions 1 and 2."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys._version import __version__
from mnephys.readers.abf import abf1_header, abf2_header
from mnephys.readers.abf.channels import Selection, select, unit_of
from mnephys.readers.abf.command import Waveform, command_waveform
from mnephys.readers.abf.header import AbfHeader
from mnephys.readers.abf.samples import by_sweep, read_channels
from mnephys.readers.binary import BinaryFile
from mnephys.readers.checks import check_magnitude
from mnephys.readers.commands import Command, choose_command
from mnephys.recording import Clamp, Provenance, SweepRecording

__all__ = ["read_abf"]

_PARSERS = {"ABF1": abf1_header.read_header, "ABF2": abf2_header.read_header}
_COMMAND_UNIT = {Clamp.CURRENT: "pA", Clamp.VOLTAGE: "mV"}


def read_abf(file: BinaryFile, generation: str, channel: str | int | None = None) -> SweepRecording:
    """Read one cell of an ABF file.

    Parameters
    ----------
    file : BinaryFile
        Open, recognised as ABF.
    generation : str
        ``"ABF1"`` or ``"ABF2"``.
    channel : str or int, optional
        Name or index of the response channel; chosen from units, amplifier and outputs if omitted.

    Returns
    -------
    SweepRecording
        With the recorded command, else the one of the user list, else that of the epoch table, else none.

    Raises
    ------
    ReadError
        Or one of its children, if the file is damaged, cut, or contradicts itself.
    """
    header = _PARSERS[generation](file)
    selection = select(file.path, header, channel)
    response, recorded = _signals(file, header, selection)
    adc = header.channels[selection.response]
    doubts = check_magnitude(file.path, response, selection.clamp, channel=adc.name, unit=adc.unit)
    command, holding, remarks = _command(file, header, selection, recorded)
    return SweepRecording(
        response=response,
        sampling_rate=header.sampling_rate,
        clamp=selection.clamp,
        command=command.values,
        command_source=command.source,
        n_valid=header.sweeps.length,
        sweep_start=header.sweeps.start,
        holding=holding,
        channel=adc.name,
        tags=header.tags,
        problems=(*header.problems, *selection.problems, *doubts, *remarks, *command.problems),
        metadata=_metadata(header),
        provenance=Provenance(
            path=file.path,
            sha256=file.sha256(),
            size=file.size,
            format="ABF",
            format_version=header.version,
            reader=__name__,
            mnephys_version=__version__,
            parameters={} if channel is None else {"channel": channel},
        ),
    )


def _signals(
    file: BinaryFile, header: AbfHeader, selection: Selection
) -> tuple[NDArray[np.float32], list[tuple[str, NDArray[np.float32]]]]:
    """Return the response and the channels that may hold its command, all in internal units."""
    indices = (selection.response, *selection.recorded)
    signals = []
    for index, values in zip(indices, read_channels(file, header, indices), strict=True):
        adc = header.channels[index]
        factor = unit_of(file.path, "channel", adc.name, adc.unit).factor
        np.multiply(values, np.float32(factor), out=values)
        signals.append((adc.name, by_sweep(values, header.sweeps.length)))
    return signals[0][1], signals[1:]


def _command(
    file: BinaryFile, header: AbfHeader, selection: Selection, recorded: list[tuple[str, NDArray[np.float32]]]
) -> tuple[Command, float | None, tuple[str, ...]]:
    """Return the command, the holding level, and what was noticed while rebuilding it."""
    unit = _COMMAND_UNIT[selection.clamp]
    rebuilt, holding = Waveform(), None
    if selection.dac is not None:
        dac = selection.dac
        factor = unit_of(file.path, "output", dac.name, dac.unit).factor
        holding = None if dac.holding is None else dac.holding * factor
        rebuilt = command_waveform(header, dac)
        if rebuilt.values is not None and factor != 1:
            rebuilt = Waveform(rebuilt.values * np.float32(factor), rebuilt.source, rebuilt.problems)
    command = choose_command(recorded, rebuilt.values, rebuilt.source, sampling_rate=header.sampling_rate, unit=unit)
    return command, holding, rebuilt.problems


def _metadata(header: AbfHeader) -> dict[str, Any]:
    """Return what the header says beyond the recording itself."""
    return {
        **header.metadata,
        "channels": [{"name": adc.name, "unit": adc.unit} for adc in header.channels],
        "outputs": [
            {"name": dac.name, "unit": dac.unit, "holding": dac.holding, "in_use": dac.drives} for dac in header.dacs
        ],
    }
