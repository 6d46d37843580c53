"""Tables of numbers that a file may set: what each may be, what is wrong with one, and what differs in two."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import Field, field, fields
from pathlib import Path
from typing import Any

from mnephys.errors import LimitsError
from mnephys.wording import nearest

__all__ = ["check_all", "differences", "limit", "numbers", "parsed", "read_bytes", "stated", "unset"]

_MAX_BYTES = 1_000_000


def limit(unit: str, low: float, high: float, *, whole: bool = False) -> Any:
    """Return the field of a number that must be there.

    Parameters
    ----------
    unit : str
        Of the number.
    low, high : float
        What it may be, both included.
    whole : bool
        Whether it must be a whole number.

    Returns
    -------
    dataclasses.Field
        For a dataclass.
    """
    return field(metadata={"unit": unit, "range": (low, high), "whole": whole})


def unset(unit: str, low: float, high: float) -> Any:
    """Return the field of a number that may be left out: then it is None and limits nothing.

    Parameters
    ----------
    unit : str
        Of the number.
    low, high : float
        What it may be, both included.

    Returns
    -------
    dataclasses.Field
        For a dataclass.
    """
    return field(default=None, metadata={"unit": unit, "range": (low, high), "whole": False})


def numbers(table: Any) -> dict[str, Field[Any]]:
    """Return the fields of a table that are numbers.

    Parameters
    ----------
    table : dataclass or instance of one
        With fields of `limit` and `unset`, and maybe others.

    Returns
    -------
    dict of str to Field
        By name, in their order.
    """
    return {item.name: item for item in fields(table) if item.metadata}


def check_all(table: Any) -> None:
    """Refuse a table with a number that cannot be meant.

    Parameters
    ----------
    table : instance of a dataclass
        As for `numbers`.

    Raises
    ------
    LimitsError
        With the name of the number.
    """
    for name, item in numbers(table).items():
        _check(item, getattr(table, name), "quality limits:")


def stated(kind: Any, table: Mapping[str, Any], place: str) -> dict[str, float]:
    """Return the numbers that a table of a file states.

    Parameters
    ----------
    kind : dataclass
        As for `numbers`.
    table : mapping of str to object
        As it was read.
    place : str
        File and table, for what is wrong.

    Returns
    -------
    dict of str to float
        Each checked.

    Raises
    ------
    LimitsError
        If a key is unknown or a number is none, or none that can be meant.

    Examples
    --------
    >>> from mnephys.patch.limits import CurrentLimits
    >>> stated(CurrentLimits, {"noise": 20}, "lab.toml: [voltage_clamp]")
    {'noise': 20.0}
    """
    known = numbers(kind)
    for key, value in table.items():
        if key not in known:
            raise LimitsError(f"{place} unknown key {key!r}; {nearest(key, known)}")
        _check(known[key], value, f"{place}:")
    return {key: float(value) for key, value in table.items()}


def read_bytes(path: Path | str) -> bytes:
    """Read a short file.

    Parameters
    ----------
    path : Path or str
        Of the file.

    Returns
    -------
    bytes
        At most one more than `parsed` takes.

    Raises
    ------
    LimitsError
        If it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise LimitsError(f"{path}: cannot be read ({error.strerror}); give the path of a TOML file") from None


def parsed(data: bytes, file: str) -> dict[str, Any]:
    r"""Return what a TOML file holds.

    Parameters
    ----------
    data : bytes
        The file.
    file : str
        Its name, for what is wrong.

    Returns
    -------
    dict
        Not checked.

    Raises
    ------
    LimitsError
        If it is too long, no text or no TOML.

    Examples
    --------
    >>> parsed(b"[voltage_clamp]\r\nnoise = 20\r\n", "lab.toml")
    {'voltage_clamp': {'noise': 20}}
    """
    if len(data) > _MAX_BYTES:
        raise LimitsError(f"{file}: is longer than {_MAX_BYTES} bytes; quality limits are a short TOML file")
    try:
        return tomllib.loads(data.decode().replace("\r\n", "\n"))
    except UnicodeDecodeError:
        raise LimitsError(f"{file}: is not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise LimitsError(f"{file}: is not valid TOML: {error}; correct it there") from None
    except (RecursionError, ValueError):
        raise LimitsError(f"{file}: is nested too deeply or has a number too long; write a plain TOML file") from None


def differences(own: Any, default: Any) -> list[str]:
    """Return what differs in two tables.

    Parameters
    ----------
    own, default : instances of one dataclass
        As for `numbers`.

    Returns
    -------
    list of str
        One entry per number, with its unit.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from mnephys.patch.limits import QualityLimits
    >>> default = QualityLimits.read().voltage_clamp
    >>> differences(replace(default, noise_slow=30.0), default)
    ['noise_slow 30 pA instead of none']
    """
    pairs = [(name, item, getattr(own, name), getattr(default, name)) for name, item in numbers(own).items()]
    return [f"{name} {_said(new, item)} instead of {_said(old, item)}" for name, item, new, old in pairs if new != old]


def _said(value: float | None, item: Field[Any]) -> str:
    return "none" if value is None else f"{value:g} {item.metadata['unit']}"


def _check(item: Field[Any], value: object, place: str) -> None:
    """Refuse what is no number, or none that can be meant."""
    low, high = item.metadata["range"]
    unit = item.metadata["unit"]
    if value is None and item.default is None:
        return
    # The comparison refuses NaN, infinity and integers too long for a float in one go.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LimitsError(f"{place} {item.name} is {value!r}; give it a number ({unit})")
    if not low <= value <= high:
        raise LimitsError(f"{place} {item.name} is {value!r}; give it {low:g} to {high:g} ({unit})")
    if item.metadata["whole"] and value != int(value):
        raise LimitsError(f"{place} {item.name} is {value!r}; give it a whole number ({unit})")
