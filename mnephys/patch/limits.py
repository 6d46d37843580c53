"""When a sweep or a cell is not used: the numbers, read from a TOML file and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from mnephys.errors import LimitsError
from mnephys.patch.limit_tables import check_all, differences, limit, numbers, parsed, read_bytes, stated, unset
from mnephys.wording import nearest, one_line

__all__ = ["BUILT_IN", "CurrentLimits", "QualityLimits"]

BUILT_IN = "quality.toml"
"""The limits that come with the package."""

_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentLimits:
    """When a voltage-clamp sweep is excluded, and what is tolerated: the table ``[voltage_clamp]`` of the file.

    Parameters
    ----------
    current_range : float
        No whole-cell amplifier passes more than this, in pA.
    holding_shift : float
        Largest distance of a sweep's holding current from the median at the same potential, in pA.
    noise, noise_slow : float
        Largest standard deviation of the fast and slow noise before the steps, in pA; None where slow noise excludes
        nothing.
    stability_holding, stability_series : float
        Largest spread of the holding currents in pA, and change of the series resistance as a share, that is stable.
    clipping_samples, clipping_runs : float
        Shortest flat run at the recording's extreme, and how many of them make a limit of the amplifier.
    clipping_band, clipping_approach : float
        What counts as flat, as a share of the extreme, and how far below it the current is 2 samples before, in bands.
    clipping_transient, clipping_charging : float
        For so many ms after a step a run is charging in any case, and for so many if it goes the way of the step.
    seal_resistance, seal_capacitance : float
        From so many MOhm on and below so many pF, the test steps may show a seal and no cell.
    voltage_error : float
        Largest series-resistance error at the Na peak, in mV, at which activation is fitted.

    Examples
    --------
    >>> QualityLimits.read().voltage_clamp.voltage_error
    5.0
    """

    current_range: float = limit("pA", 1e3, 1e9)
    holding_shift: float = limit("pA", 0.0, 1e6)
    noise: float = limit("pA", 0.0, 1e6)
    noise_slow: float | None = unset("pA", 0.0, 1e6)
    stability_holding: float = limit("pA", 0.0, 1e6)
    stability_series: float = limit("share", 0.0, 100.0)
    clipping_samples: float = limit("samples", 3, 1e6, whole=True)
    clipping_runs: float = limit("runs", 1, 1e6, whole=True)
    clipping_band: float = limit("share", 0.0, 0.1)
    clipping_approach: float = limit("bands", 1.0, 1e3)
    clipping_transient: float = limit("ms", 0.0, 1e3)
    clipping_charging: float = limit("ms", 0.0, 1e3)
    seal_resistance: float = limit("MOhm", 0.0, 1e6)
    seal_capacitance: float = limit("pF", 0.0, 1e4)
    voltage_error: float = limit("mV", 0.0, 1e3)

    def __post_init__(self) -> None:
        check_all(self)


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
    disorder_deflection, disorder_share : float
        The command is not that of the response where more than this share of the pairs of steps evokes less at the
        larger current; of two without action potentials those count that differ by at least this many mV.
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
    voltage_clamp : CurrentLimits
        Those of voltage clamp; all of the above are those of current clamp.

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
    units_smallest: float = limit("mV", 0.0, 10.0)
    units_largest: float = limit("mV", 200.0, 1e6)
    voltage_highest: float = limit("mV", 50.0, 1e4)
    voltage_lowest: float = limit("mV", -1e4, -100.0)
    baseline_shift: float = limit("mV", 0.0, 1e3)
    baseline_noise: float = limit("mV", 0.0, 1e3)
    baseline_noise_slow: float | None = unset("mV", 0.0, 1e3)
    stability_baseline: float = limit("mV", 0.0, 1e3)
    stability_resistance: float = limit("share", 0.0, 100.0)
    clipping: float = limit("ms", 0.01, 1e5)
    clipping_slope: float = limit("mV/ms", 0.0, 1e4)
    clipping_samples: float = limit("samples", 3, 1e6, whole=True)
    bridge_error: float = limit("MOhm", 0.0, 1e4)
    bridge_share: float = limit("share", 0.0, 1.0)
    bridge_certainty: float = limit("standard errors", 0.0, 1e3)
    instant_share: float = limit("share", 0.1, 1.0)
    instant_deflection: float = limit("mV", 0.0, 1e3)
    ohmic_voltage: float = limit("mV", 0.0, 1e4)
    ohmic_resistance: float = limit("MOhm", 0.0, 1000.0)
    ohmic_residual: float = limit("share", 0.0, 1.0)
    disorder_deflection: float = limit("mV", 0.5, 100.0)
    disorder_share: float = limit("share", 0.0, 1.0)
    leak_potential: float = limit("mV", -200.0, 200.0)
    leak_resistance: float = limit("MOhm", 0.0, 300.0)
    leak_resistance_depolarised: float = limit("MOhm", 0.0, 300.0)
    leak_current: float = limit("pA", 0.5, 1e4)
    leak_deflection: float = limit("mV", 0.0, 1e3)
    drive_voltage: float = limit("mV", -200.0, 200.0)
    drive_current: float = limit("pA", 0.0, 1e5)
    drive_current_voltage: float = limit("mV", -200.0, 200.0)
    range_multiple: float = limit("times", 1.0, 100.0)
    range_voltage: float = limit("mV", -200.0, 200.0)
    voltage_clamp: CurrentLimits

    def __post_init__(self) -> None:
        check_all(self)

    @classmethod
    def read(cls, path: Path | str | None = None) -> QualityLimits:
        """Read and check a file of limits.

        Parameters
        ----------
        path : Path or str, optional
            A TOML file with tables ``[current_clamp]`` and ``[voltage_clamp]``; what it leaves out is as in the file of
            the package, which is read alone if omitted.

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
        if path is None:
            return _joined(_built_in())
        own = _checked(parsed(read_bytes(path), str(path)), str(path))
        return _joined(_built_in(), {"name": Path(path).stem}, own)

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> QualityLimits:
        """Return the limits that a run kept.

        Parameters
        ----------
        record : mapping
            What `dataclasses.asdict` made of them; what it lacks is as in the file of the package.

        Returns
        -------
        QualityLimits
            Valid.

        Raises
        ------
        LimitsError
            If the record is not valid.

        Examples
        --------
        >>> QualityLimits.recorded({"name": "rig 2", "voltage_clamp": {"noise": 20.0}}).changed()
        ['voltage_clamp.noise 20 pA instead of 100 pA']
        """
        apart = ("name", "voltage_clamp")
        content = {key: _without_none(record[key]) for key in apart if key in record}
        content["current_clamp"] = _without_none({key: record[key] for key in record if key not in apart})
        return _joined(_built_in(), _checked(content, "quality limits"))

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
        default = QualityLimits.read()
        currents = [f"voltage_clamp.{words}" for words in differences(self.voltage_clamp, default.voltage_clamp)]
        return differences(self, default) + currents


_TABLES: Mapping[str, type] = {"current_clamp": QualityLimits, "voltage_clamp": CurrentLimits}


def _built_in() -> dict[str, Any]:
    shipped = (resources.files("mnephys.patch") / BUILT_IN).read_bytes()
    return _checked(parsed(shipped, BUILT_IN), BUILT_IN)


def _joined(*contents: Mapping[str, Any]) -> QualityLimits:
    """Return the limits of several files, of which each later one goes before."""
    tables = {table: {k: v for each in contents for k, v in each.get(table, {}).items()} for table in _TABLES}
    name = [each["name"] for each in contents if "name" in each][-1]
    currents = CurrentLimits(**tables["voltage_clamp"])
    return QualityLimits(name=name, voltage_clamp=currents, **tables["current_clamp"])


def _without_none(table: Any) -> Any:
    """Return a table as a file would say it, without what is not set; anything else as it is."""
    return {key: value for key, value in table.items() if value is not None} if isinstance(table, dict) else table


def _checked(content: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return what a file states, every number checked."""
    for key in content.keys() - {"name", *_TABLES}:
        raise LimitsError(f"{file}: unknown key {key!r}; {_advice(key)}")
    found: dict[str, Any] = _name(content, file)
    for table, kind in _TABLES.items():
        own = content.get(table, {})
        if not isinstance(own, dict):
            raise LimitsError(f"{file}: {table} is not a table; write it as [{table}]")
        found[table] = stated(kind, own, f"{file}: [{table}]")
    return found


def _advice(key: str) -> str:
    """Return where a key belongs that stands outside of all tables."""
    homes = [f"[{table}]" for table, kind in _TABLES.items() if key in numbers(kind)]
    if homes:
        return f"it belongs below {' or '.join(homes)}"
    return nearest(key, ["name", *_TABLES, *(name for kind in _TABLES.values() for name in numbers(kind))])


def _name(content: Mapping[str, Any], file: str) -> dict[str, Any]:
    if "name" not in content:
        return {}
    name = content["name"]
    if isinstance(name, str) and one_line(name) and len(name) <= _LONGEST_NAME:
        return {"name": one_line(name)}
    raise LimitsError(f"{file}: name is no text of 1 to {_LONGEST_NAME} characters; give it one")
