"""Scale and frame rate of files of BrainWave 5 and 6, which state them in a JSON text."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np

from mnephys.errors import CorruptHeaderError
from mnephys.readers.biocam.parts import Converter
from mnephys.readers.damage import COPY
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.numbers import checked_gain, checked_rate
from mnephys.wording import one_line

__all__ = ["SETTINGS", "range_doubts", "read_converter"]

_ANALOG, _NEW_ANALOG = ("ValueConverter",), ("SignalConverter", "DigitalToAnalogConverter")
_LONGEST_TEXT = 1 << 24
_LARGEST = 1e12
_CHANNELS = ("CorePlateData", "StoredPlateElIdxs")
_MOST_CHANNELS = 1 << 16
# Two statements of one rate may differ by what a decimal text rounds.
_SAME_RATE = 1e-3
_SYMMETRIC = 0.01
# No converter of these instruments has fewer than 8 bits.
_FEWEST_STEPS = 255
# Distance of neighbouring electrodes in um, by the beginning of the name of the chip.
_PITCHES = {"accura": 60.0, "coreplate": 60.0, "stimulo": 81.0, "arena": 42.0, "prime": 42.0}


class _Keys(NamedTuple):
    """Where a JSON text keeps each number."""

    highest: tuple[str, ...]
    lowest: tuple[str, ...]
    most: tuple[str, ...]
    least: tuple[str, ...]
    scale: tuple[str, ...]
    rate: tuple[str, ...]


SETTINGS = {
    "ExperimentSettings": _Keys(
        (*_ANALOG, "MaxAnalogValue"),
        (*_ANALOG, "MinAnalogValue"),
        (*_ANALOG, "MaxDigitalValue"),
        (*_ANALOG, "MinDigitalValue"),
        (*_ANALOG, "ScaleFactor"),
        ("TimeConverter", "FrameRate"),
    ),
    "ExperimentInfo": _Keys(
        (*_NEW_ANALOG, "MaxAnalogValueMicroVolt"),
        (*_NEW_ANALOG, "MinAnalogValueMicroVolt"),
        (*_NEW_ANALOG, "MaxDigitalValue"),
        (*_NEW_ANALOG, "MinDigitalValue"),
        (*_NEW_ANALOG, "ScaleFactor"),
        ("SignalConverter", "SampleToTimeConverter", "FrameRateHertz"),
    ),
}
"""The dataset of the JSON text, of BrainWave 5 and of 6, and where it keeps each number."""


def range_doubts(name: str, lowest: float, highest: float) -> tuple[str, ...]:
    """Return a sentence where a range of voltages is not that of these instruments, which is symmetric about 0.

    Parameters
    ----------
    name : str
        Where it is stated.
    lowest, highest : float
        In uV.

    Returns
    -------
    tuple of str
        At most one.

    Examples
    --------
    >>> range_doubts("ExperimentSettings", -4125.0, 4125.0), len(range_doubts("ExperimentSettings", -4125.0, 5.0))
    ((), 1)
    """
    if abs(highest + lowest) <= _SYMMETRIC * (highest - lowest):
        return ()
    said = f"{name} states a range of {lowest:g} to {highest:g} uV, which is not symmetric about 0"
    return (f"{said}; it was taken as it is.",)


def read_converter(content: Hdf5File) -> Converter:
    """Read what stored numbers and frames stand for.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    Converter
        From the JSON text.

    Raises
    ------
    CorruptHeaderError
        If there is no such text, it lacks a number, or a number cannot be true.
    FileUnitsError
        If a step is one that no amplifier has.
    ReadError
        Otherwise, if it cannot be read.
    """
    name = next((name for name in SETTINGS if content.has(name)), None)
    if name is None:
        problem = f"states neither scale nor frame rate: it has no dataset {' or '.join(SETTINGS)}"
        raise CorruptHeaderError(content.path, problem, COPY)
    tree, keys = _document(content, name), SETTINGS[name]

    def number(key: tuple[str, ...]) -> float:
        return _number(content.path, name, tree, key)

    highest, lowest, most, least = number(keys.highest), number(keys.lowest), number(keys.most), number(keys.least)
    scale = number(keys.scale) if _value(tree, keys.scale) is not None else 1.0
    rate = checked_rate(content.path, f"{name} {keys.rate[-1]}", number(keys.rate))
    if not (highest > lowest and most - least >= _FEWEST_STEPS and scale > 0):
        said = f"{lowest:g} to {highest:g} uV for the numbers {least:g} to {most:g}, times {scale:g}"
        raise CorruptHeaderError(content.path, f"{name} states a range of {said}, which cannot be true", COPY)
    gain = checked_gain(content.path, f"{name} {keys.highest[0]}", scale * (highest - lowest) / (most - least))
    problems = [*range_doubts(name, lowest, highest)]
    if scale != 1.0:
        problems.append(f"{name} states a scale factor of {scale:g}; all voltages were multiplied by it.")
    stated = content.attributes("").get("SamplingRate")
    if isinstance(stated, int | float) and not abs(stated - rate) <= _SAME_RATE * rate:
        problems.append(f"{name} states {rate:g} frames per second, which was taken; an attribute says {stated:g}.")
    model = _value(tree, ("MeaPlate", "Model"))
    text = one_line(str(model)) if isinstance(model, str | int) else ""
    pitch = next((pitch for chip, pitch in _PITCHES.items() if text.lower().startswith(chip)), np.nan)
    facts = {"chip": text[:60]} if text else {}
    channels = _plate_channels(name, tree, problems)
    return Converter(rate, gain, least - scale * lowest / gain, pitch, facts, tuple(problems), channels)


def _plate_channels(name: str, tree: Any, problems: list[str]) -> tuple[int, ...] | None:
    """Return the channels that are listed for the whole plate; None where they are not, or cannot be true."""
    stated = _value(tree, _CHANNELS)
    if stated is None:
        return None
    if (
        isinstance(stated, list)
        and all(type(number) is int and 0 <= number < _MOST_CHANNELS for number in stated)
        and len(set(stated)) == len(stated) > 0
    ):
        return tuple(stated)
    problems.append(f"{name} lists as {'.'.join(_CHANNELS)} what are no channels, or one twice; it was not used.")
    return None


def _document(content: Hdf5File, name: str) -> Any:
    """Return the JSON text of a dataset as nested dicts."""
    values = content.array(name, 1)
    if values is None or values.dtype.kind != "S" or values.size != 1:
        raise CorruptHeaderError(content.path, f"dataset {name} is not one text", COPY)
    text = values.ravel()[0]
    if len(text) > _LONGEST_TEXT:
        raise CorruptHeaderError(content.path, f"dataset {name} is a text of {len(text)} bytes", COPY)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = f"dataset {name} is no JSON text ({type(error).__name__})"
        raise CorruptHeaderError(content.path, problem, COPY) from error


def _value(tree: Any, key: tuple[str, ...]) -> Any:
    """Return what stands at a path of keys; None where nothing does."""
    for name in key:
        if not isinstance(tree, dict):
            return None
        tree = tree.get(name)
    return tree


def _number(path: str, name: str, tree: Any, key: tuple[str, ...]) -> float:
    value = _value(tree, key)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return float(value)
    said = "lacks" if value is None else "holds no credible number as"
    problem = f"dataset {name} {said} {'.'.join(key)}"
    raise CorruptHeaderError(path, problem, COPY if value is not None else "record or export it again")
