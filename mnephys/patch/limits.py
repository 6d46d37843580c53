"""When a sweep or a cell is not used: the numbers, read from a TOML file and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any

from mnephys.errors import LimitsError
from mnephys.wording import nearest, one_line

__all__ = ["BUILT_IN", "QualityLimits"]

BUILT_IN = "quality.toml"
"""The limits that come with the package."""

_TABLE = "current_clamp"
_MAX_BYTES = 1_000_000
_LONGEST_NAME = 60


def _limit(unit: str, low: float, high: float, *, whole: bool = False) -> Any:
    return field(metadata={"unit": unit, "range": (low, high), "whole": whole})


def _unset(unit: str, low: float, high: float) -> Any:
    return field(default=None, metadata={"unit": unit, "range": (low, high), "whole": False})


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityLimits:
    """When a sweep or a cell is excluded; ``mnephys/patch/quality.toml`` has the defaults and says why.

    Parameters
    ----------
    name : str
        What to call them.
    units_smallest, units_largest : float
        In mV: a response within the first of 0 all the time is in V; one whose median is beyond the second is in uV.
    voltage_highest, voltage_lowest : float
        In mV: no membrane goes further.
    baseline_shift, baseline_noise, baseline_noise_slow : float
        In mV: largest distance of a sweep's baseline from the middle of all, and largest standard deviation of its
        fast and slow noise; None where slow noise excludes nothing.
    stability_baseline, stability_resistance : float
        Largest spread of the baselines in mV, and of the input resistance as a share of its median, that is stable.
    clipping, clipping_slope, clipping_samples : float
        Shortest flat run in ms at an extreme that several peaks share, how steeply it must be hit in mV/ms, and the
        shortest run of equal samples at an extreme that one peak reaches.
    bridge_error, bridge_share, bridge_certainty : float
        Largest jump at the edges of hyperpolarising steps, in MOhm, that is tolerated in any case; a larger one
        excludes if it is also more than this share of the whole response and more than this many standard errors.
    instant_share, instant_deflection : float
        Where more than this share of a response of at least this many mV appears at once, there is no membrane.
    ohmic_voltage, ohmic_resistance, ohmic_residual : float
        A steady state beyond this many mV is an electrode's or a model cell's, if half of all are within this share of
        their span of a straight line of less than this many MOhm.
    leak_potential, leak_resistance, leak_resistance_depolarised, leak_current, leak_deflection : float
        A hole rests above the first, in mV, with an input resistance below the second, in MOhm, and never fires; below
        the third where only depolarising steps were given. Steps below the fourth, in pA, do not count, nor
        depolarising ones with responses beyond the last, in mV, where there are others.
    drive_voltage, drive_current, drive_current_voltage : float
        A silent cell was driven if a depolarising step brought its steady state to the first, in mV, or injected the
        second from holding, in pA, and brought it to the third, in mV.
    range_multiple, range_voltage : float
        The steps went far enough with this multiple of the smallest current that evoked an action potential, or a
        steady state at this many mV.

    Raises
    ------
    LimitsError
        If a number is not finite or outside of what can be meant.

    Examples
    --------
    >>> from dataclasses import replace
    >>> limits = QualityLimits.read()
    >>> limits.baseline_shift, limits.label
    (10.0, 'default')
    >>> replace(limits, baseline_shift=5.0).label
    'custom'
    """

    name: str
    units_smallest: float = _limit("mV", 0.0, 10.0)
    units_largest: float = _limit("mV", 200.0, 1e6)
    voltage_highest: float = _limit("mV", 50.0, 1e4)
    voltage_lowest: float = _limit("mV", -1e4, -100.0)
    baseline_shift: float = _limit("mV", 0.0, 1e3)
    baseline_noise: float = _limit("mV", 0.0, 1e3)
    baseline_noise_slow: float | None = _unset("mV", 0.0, 1e3)
    stability_baseline: float = _limit("mV", 0.0, 1e3)
    stability_resistance: float = _limit("share", 0.0, 100.0)
    clipping: float = _limit("ms", 0.01, 1e5)
    clipping_slope: float = _limit("mV/ms", 0.0, 1e4)
    clipping_samples: float = _limit("samples", 3, 1e6, whole=True)
    bridge_error: float = _limit("MOhm", 0.0, 1e4)
    bridge_share: float = _limit("share", 0.0, 1.0)
    bridge_certainty: float = _limit("standard errors", 0.0, 1e3)
    instant_share: float = _limit("share", 0.1, 1.0)
    instant_deflection: float = _limit("mV", 0.0, 1e3)
    ohmic_voltage: float = _limit("mV", 0.0, 1e4)
    ohmic_resistance: float = _limit("MOhm", 0.0, 1000.0)
    ohmic_residual: float = _limit("share", 0.0, 1.0)
    leak_potential: float = _limit("mV", -200.0, 200.0)
    leak_resistance: float = _limit("MOhm", 0.0, 300.0)
    leak_resistance_depolarised: float = _limit("MOhm", 0.0, 300.0)
    leak_current: float = _limit("pA", 0.5, 1e4)
    leak_deflection: float = _limit("mV", 0.0, 1e3)
    drive_voltage: float = _limit("mV", -200.0, 200.0)
    drive_current: float = _limit("pA", 0.0, 1e5)
    drive_current_voltage: float = _limit("mV", -200.0, 200.0)
    range_multiple: float = _limit("times", 1.0, 100.0)
    range_voltage: float = _limit("mV", -200.0, 200.0)

    def __post_init__(self) -> None:
        for item in _numbers():
            _check(item, getattr(self, item.name), "quality limits")

    @classmethod
    def read(cls, path: Path | str | None = None) -> QualityLimits:
        """Read and check a file of limits.

        Parameters
        ----------
        path : Path or str, optional
            A TOML file with a table ``[current_clamp]``; what it leaves out is as in the file of the package, which is
            read alone if omitted.

        Returns
        -------
        QualityLimits
            Valid; named by the file's ``name``, else by the file.

        Raises
        ------
        LimitsError
            If the file cannot be read or is not valid: one line, with file, key and what to do.

        Examples
        --------
        >>> QualityLimits.read().baseline_noise_slow is None
        True
        """
        shipped = (resources.files("mnephys.patch") / BUILT_IN).read_bytes()
        default = _parse(shipped, BUILT_IN)
        if path is None:
            return cls(**default)
        stated = {"name": Path(path).stem, **_parse(_read(path), str(path))}
        return cls(**{**default, **stated})

    @property
    def label(self) -> str:
        """The name, ``custom`` where the numbers are called as those of the package and are not."""
        default = QualityLimits.read()
        return "custom" if self.name == default.name and self != default else self.name

    def changed(self) -> list[str]:
        """Return what differs from the limits of the package.

        Returns
        -------
        list of str
            One entry per number, with its unit and the default.

        Examples
        --------
        >>> from dataclasses import replace
        >>> replace(QualityLimits.read(), baseline_shift=5.0).changed()
        ['baseline_shift 5 mV instead of 10 mV']
        """
        default, own = asdict(QualityLimits.read()), asdict(self)
        return [
            f"{item.name} {_said(own[item.name], item)} instead of {_said(default[item.name], item)}"
            for item in _numbers()
            if own[item.name] != default[item.name]
        ]


def _numbers() -> list[Field[Any]]:
    return [item for item in fields(QualityLimits) if item.metadata]


def _said(value: float | None, item: Field[Any]) -> str:
    return "none" if value is None else f"{value:g} {item.metadata['unit']}"


def _check(item: Field[Any], value: object, file: str) -> None:
    """Refuse what is no number, or none that can be meant."""
    low, high = item.metadata["range"]
    unit = item.metadata["unit"]
    if value is None and item.default is None:
        return
    # The comparison refuses NaN, infinity and integers too long for a float in one go.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LimitsError(f"{file}: {item.name} is {value!r}; give it a number ({unit})")
    if not low <= value <= high:
        raise LimitsError(f"{file}: {item.name} is {value!r}; give it {low:g} to {high:g} ({unit})")
    if item.metadata["whole"] and value != int(value):
        raise LimitsError(f"{file}: {item.name} is {value!r}; give it a whole number ({unit})")


def _read(path: Path | str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise LimitsError(f"{path}: cannot be read ({error.strerror}); give the path of a TOML file") from None


def _parse(data: bytes, file: str) -> dict[str, Any]:
    """Return what a file states, every number checked."""
    if len(data) > _MAX_BYTES:
        raise LimitsError(f"{file}: is longer than {_MAX_BYTES} bytes; quality limits are a short TOML file")
    try:
        content = tomllib.loads(data.decode().replace("\r\n", "\n"))
    except UnicodeDecodeError:
        raise LimitsError(f"{file}: is not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise LimitsError(f"{file}: is not valid TOML: {error}; correct it there") from None
    except (RecursionError, ValueError):
        raise LimitsError(f"{file}: is nested too deeply or has a number too long; write a plain TOML file") from None
    known = {item.name: item for item in _numbers()}
    for key in content.keys() - {"name", _TABLE}:
        advice = f"it belongs below [{_TABLE}]" if key in known else nearest(key, ["name", _TABLE, *known])
        raise LimitsError(f"{file}: unknown key {key!r}; {advice}")
    table = content.get(_TABLE, {})
    if not isinstance(table, dict):
        raise LimitsError(f"{file}: {_TABLE} is not a table; write it as [{_TABLE}]")
    for key, value in table.items():
        if key not in known:
            raise LimitsError(f"{file}: [{_TABLE}] unknown key {key!r}; {nearest(key, known)}")
        _check(known[key], value, f"{file}: [{_TABLE}]")
    return {**_name(content, file), **_as_numbers(table)}


def _name(content: Mapping[str, Any], file: str) -> dict[str, str]:
    if "name" not in content:
        return {}
    name = content["name"]
    if not isinstance(name, str) or not one_line(name) or len(name) > _LONGEST_NAME:
        raise LimitsError(f"{file}: name is no text of 1 to {_LONGEST_NAME} characters; give it one")
    return {"name": one_line(name)}


def _as_numbers(table: Mapping[str, float]) -> dict[str, float]:
    return {key: float(value) for key, value in table.items()}
