"""Which channel of an ABF file is the response, and what may be its command.

The clamp follows from units: a response in volts means current clamp, one in amperes voltage clamp. Units
are never guessed and never corrected; where they contradict one another the file is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from mnephys.errors import FileUnitsError, ReadError, UnitsError
from mnephys.readers.abf.header import AbfHeader, AdcChannel, DacChannel
from mnephys.recording import Clamp
from mnephys.units import Unit, unit

__all__ = ["Selection", "select", "unit_of"]

_CLAMP = {"voltage": Clamp.CURRENT, "current": Clamp.VOLTAGE}
_COMMAND = {Clamp.CURRENT: "current", Clamp.VOLTAGE: "voltage"}
_UNIT_ADVICE = "set the unit of the channel in the acquisition program and save the file again"


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen.

    Parameters
    ----------
    response : int
        Index of the response channel.
    clamp : Clamp
        What the amplifier controlled.
    dac : DacChannel or None
        The output that commanded the cell.
    recorded : tuple of int
        Channels that may hold the command as it was recorded.
    problems : tuple of str
        What was noticed.
    """

    response: int
    clamp: Clamp
    dac: DacChannel | None
    recorded: tuple[int, ...]
    problems: tuple[str, ...] = ()


def unit_of(path: str, kind: str, name: str, text: str) -> Unit:
    """Return the unit of a channel or an output.

    Parameters
    ----------
    path : str
        Of the file, for messages.
    kind, name : str
        What it is and what it is called, for messages.
    text : str
        The unit as stored.

    Returns
    -------
    Unit
        An entry of the table.

    Raises
    ------
    FileUnitsError
        If the unit is not in the table.
    """
    try:
        return unit(text)
    except UnitsError:
        raise FileUnitsError(path, f"{kind} {name!r} has the unknown unit {text!r}", _UNIT_ADVICE) from None


def _dimension(text: str) -> str:
    """Return the dimension of a stored unit, or an empty string where the unit is unknown."""
    try:
        return unit(text).dimension
    except UnitsError:
        return ""


def _is_membrane(channel: AdcChannel | DacChannel) -> bool:
    """Tell whether a unit is one that cells are measured in; plain volts belong to triggers and monitors."""
    return _dimension(channel.unit) in _CLAMP and unit(channel.unit).symbol != "V"


def _chosen(path: str, header: AbfHeader, channel: str | int) -> int:
    """Return the index of the channel that the user named."""
    names = [adc.name for adc in header.channels]
    if isinstance(channel, str):
        if channel in names:
            return names.index(channel)
    elif 0 <= channel < len(names):
        return channel
    listed = ", ".join(f"{index} {adc.name!r} ({adc.unit})" for index, adc in enumerate(header.channels))
    raise ReadError(path, f"has no channel {channel!r}", f"choose one of {listed}")


def _telegraphed(header: AbfHeader) -> Clamp | None:
    """Return the clamp that the amplifier reported for the first channel of a cell."""
    return next((adc.telegraphed for adc in header.channels if _is_membrane(adc) and adc.telegraphed), None)


def _commanded(header: AbfHeader) -> Clamp | None:
    """Return the clamp that the outputs in use stand for, where they agree."""
    driving = [dac for dac in header.dacs if dac.drives and _is_membrane(dac)]
    clamps = {Clamp.CURRENT if _dimension(dac.unit) == "current" else Clamp.VOLTAGE for dac in driving}
    return clamps.pop() if len(clamps) == 1 else None


def _default(path: str, header: AbfHeader) -> int:
    """Return the index of the channel that is the response unless the user says otherwise."""
    # The first input is where the signal of the cell goes: while its unit is unknown, another channel is no answer.
    unit_of(path, "channel", header.channels[0].name, header.channels[0].unit)
    candidates = [index for index, adc in enumerate(header.channels) if _is_membrane(adc)]
    if not candidates:
        candidates = [index for index, adc in enumerate(header.channels) if _dimension(adc.unit) in _CLAMP]
    if not candidates:
        adc = header.channels[0]
        known = unit_of(path, "channel", adc.name, adc.unit)
        raise FileUnitsError(
            path,
            f"channel {adc.name!r} has the unit {adc.unit!r}, a {known.dimension}, not volts or amperes",
            _UNIT_ADVICE,
        )
    # With both kinds of channel, the one that was not controlled is the response.
    clamp = _telegraphed(header) or _commanded(header)
    responses = [index for index in candidates if _CLAMP[_dimension(header.channels[index].unit)] is clamp]
    return (responses or candidates)[0]


def _output(header: AbfHeader, response: int, clamp: Clamp) -> DacChannel | None:
    """Return the output that commanded the response, or none.

    Outputs in use come first; among several, the one at the place of the response among the channels of its
    kind, as cells recorded in pairs are wired. An idle output says only at which level it was held.
    """
    fitting = [dac for dac in header.dacs if _dimension(dac.unit) == _COMMAND[clamp]]
    driving = [dac for dac in fitting if dac.drives]
    paired = [dac for dac in driving if dac.index == response]
    if paired:
        return paired[0]
    kind = _dimension(header.channels[response].unit)
    place = sum(_dimension(adc.unit) == kind for adc in header.channels[:response])
    if place < len(driving):
        return driving[place]
    return next((dac for dac in fitting if dac.index == response), None)


def select(path: str, header: AbfHeader, channel: str | int | None = None) -> Selection:
    """Choose the response channel and its output.

    Parameters
    ----------
    path : str
        Of the file, for messages.
    header : AbfHeader
        What it says.
    channel : str or int, optional
        Name or index of the response channel; chosen from units, amplifier and outputs if omitted.

    Returns
    -------
    Selection
        What was chosen.

    Raises
    ------
    ReadError
        If there is no such channel.
    FileUnitsError
        If a unit is unknown, is neither voltage nor current, or if response and command share a dimension.
    """
    response = _default(path, header) if channel is None else _chosen(path, header, channel)
    problems = [
        f"Channel {other.name!r} has the unknown unit {other.unit!r} and was left out."
        for other in header.channels
        if not _dimension(other.unit)
    ]
    problems += [
        f"Channel {other.name!r} has no unit and was left out."
        for other in header.channels[:response]
        if not other.unit
    ]
    adc = header.channels[response]
    dimension = unit_of(path, "channel", adc.name, adc.unit).dimension
    if dimension not in _CLAMP:
        raise FileUnitsError(
            path, f"channel {adc.name!r} has the unit {adc.unit!r}, a {dimension}, not volts or amperes", _UNIT_ADVICE
        )
    clamp = _CLAMP[dimension]
    dac = _output(header, response, clamp)
    if dac is None or not dac.drives:
        # Whoever asks for a channel by name may look at a monitor; only its own output can contradict it.
        outputs = {response} if channel is not None else {response, header.active_dac}
        _refuse_contradiction(path, header, response, outputs)
        problems += [
            f"Output {other.name!r} put out a waveform in {other.unit!r}; it is no command of channel {adc.name!r}."
            for other in header.dacs
            if other.drives
        ]
    if adc.telegraphed is not None and adc.telegraphed is not clamp:
        problems.append(
            f"Channel {adc.name!r} is in {adc.unit}, which means {clamp.value}, but the amplifier reported "
            f"{adc.telegraphed.value}."
        )
    recorded = [
        index
        for index, other in enumerate(header.channels)
        # What another headstage recorded under the other clamp is a response of its own.
        if _dimension(other.unit) == _COMMAND[clamp] and _is_membrane(other) and other.telegraphed in {None, clamp}
    ]
    # A monitor is wired behind its response.
    recorded.sort(key=lambda index: (index < response, index))
    return Selection(response, clamp, dac, tuple(recorded), tuple(problems))


def _refuse_contradiction(path: str, header: AbfHeader, response: int, outputs: set[int]) -> None:
    """Raise where an output that drove this cell has a unit that the response cannot have beside it."""
    adc = header.channels[response]
    dimension = _dimension(adc.unit)
    for dac in header.dacs:
        if not dac.drives or dac.index not in outputs:
            continue
        if unit_of(path, "output", dac.name, dac.unit).dimension == dimension and _is_membrane(dac):
            raise FileUnitsError(
                path,
                f"the response (channel {adc.name!r}) is in {adc.unit!r} and its command (output {dac.name!r}) in "
                f"{dac.unit!r}: one of the two units is wrong",
                _UNIT_ADVICE,
            )
