"""Settings of spike detection that a user states in a TOML file: read, and checked key by key."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from mnephys.errors import DetectionError
from mnephys.mea.detection.noise import NOISE
from mnephys.mea.detection.search import LONGEST_S, POLARITIES
from mnephys.mea.detection.settings import FEWEST_COINCIDENT, NARROWEST, DetectionSettings
from mnephys.wording import nearest

__all__ = ["BUILT_IN", "read_settings", "template"]

BUILT_IN = "detection.toml"
"""The settings that come with the package, each with its unit and what it may be."""

_MAX_BYTES = 1_000_000
_LOWEST_HZ, _HIGHEST_HZ = 100.0, 100_000.0

Fault = str


def template() -> str:
    """Return the settings of the package as a file to copy.

    Returns
    -------
    str
        TOML, with a comment on every key.

    Examples
    --------
    >>> [line for line in template().splitlines() if line.startswith("threshold")]
    ['threshold = 5.0']
    """
    return (resources.files("mnephys.mea.detection") / BUILT_IN).read_text(encoding="utf-8")


def read_settings(path: Path | str | None = None) -> DetectionSettings:
    """Read and check a file of settings.

    Parameters
    ----------
    path : Path or str, optional
        A TOML file; what it leaves out is as built in, and so is all of it if omitted.

    Returns
    -------
    DetectionSettings
        That any recording of a plate can be searched with.

    Raises
    ------
    DetectionError
        If the file cannot be read or is not valid: one line, with file, key and what to do.

    Examples
    --------
    >>> read_settings() == DetectionSettings()
    True
    """
    if path is None:
        return DetectionSettings()
    return DetectionSettings(**_checked(_parsed(_read(path), str(path)), str(path)))


def _read(path: Path | str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise DetectionError(f"{path}: cannot be read ({error.strerror}); give the path of a TOML file") from None


def _parsed(data: bytes, file: str) -> dict[str, Any]:
    if len(data) > _MAX_BYTES:
        raise DetectionError(f"{file}: is longer than {_MAX_BYTES} bytes; settings of detection are a short TOML file")
    try:
        return tomllib.loads(data.decode().replace("\r\n", "\n"))
    except UnicodeDecodeError:
        raise DetectionError(f"{file}: is not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise DetectionError(f"{file}: is not valid TOML: {error}; correct it there") from None
    except (RecursionError, ValueError):
        raise DetectionError(
            f"{file}: is nested too deeply or has a number too long; write a plain TOML file"
        ) from None


def _checked(content: Mapping[str, Any], file: str) -> dict[str, Any]:
    for key, value in content.items():
        if key not in _CHECKS:
            raise DetectionError(f"{file}: unknown key {key!r}; {nearest(key, _CHECKS)}")
        if fault := _CHECKS[key](value):
            raise DetectionError(f"{file}: {key} is {_short(value)}; {fault}")
    return {key: _KINDS.get(key, _as_it_is)(value) for key, value in content.items()}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _between(low: float, high: float, unit: str) -> Callable[[Any], Fault]:
    # The comparison refuses NaN, infinity and integers too long for a float in one go.
    return lambda value: (
        "" if _is_number(value) and low <= value <= high else f"give it a number from {low:g} to {high:g} ({unit})"
    )


def _one_of(words: tuple[str, ...]) -> Callable[[Any], Fault]:
    return lambda value: (
        ""
        if isinstance(value, str) and value in words
        else nearest(value, words)
        if isinstance(value, str)
        else f"known are {', '.join(words)}"
    )


def _order(value: Any) -> Fault:
    return "" if type(value) is int and 1 <= value <= 10 else "give it a whole number from 1 to 10"


def _flag(value: Any) -> Fault:
    return "" if isinstance(value, bool) else "give it true or false"


def _coincident(value: Any) -> Fault:
    fine = type(value) is int and (value == 0 or FEWEST_COINCIDENT <= value <= 1000)
    return "" if fine else f"give it a whole number from {FEWEST_COINCIDENT} to 1000 (electrodes), or 0"


def _band(value: Any) -> Fault:
    wanted = f"give it two edges in Hz, from {_LOWEST_HZ:g} on and the upper one at least {NARROWEST:g} times the lower"
    if not (isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))):
        return wanted
    low, high = value
    return "" if low >= _LOWEST_HZ and NARROWEST * low <= high <= _HIGHEST_HZ else wanted


def _edges(value: list[float]) -> tuple[float, float]:
    return float(value[0]), float(value[1])


def _as_it_is(value: Any) -> Any:
    return value


_CHECKS: Mapping[str, Callable[[Any], Fault]] = {
    "band": _band,
    "order": _order,
    "zero_phase": _flag,
    "threshold": _between(1.0, 100.0, "times the noise"),
    "noise": _one_of(tuple(NOISE)),
    "polarity": _one_of(tuple(POLARITIES)),
    "dead_time": _between(0.0, LONGEST_S, "s"),
    "coincident_electrodes": _coincident,
    "coincident_window": _between(0.0, 0.01, "s"),
}
_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "band": _edges,
    "threshold": float,
    "dead_time": float,
    "coincident_window": float,
}
