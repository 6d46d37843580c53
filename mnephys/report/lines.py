"""Where several cell lines stand on one page: rate, synchrony and the structure of bursts, each apart."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mnephys.plot import labels, wells
from mnephys.report.plates import JUDGED, day_words
from mnephys.samples.text import natural_key
from mnephys.samples.treatments import is_untreated

__all__ = ["WARNING", "lines"]

WARNING = (
    "Rate is confounded with disease: a line that fires more is not for that reason more mature, nor is one that fires "
    "less. Whatever rises with the rate, as the shares of spikes in bursts do, shares the doubt. Synchrony and the "
    "structure of bursts are therefore shown apart from rate. But these too differ between diseased lines and their "
    "controls, in either direction: no difference between lines of one age is by itself a difference in maturity."
)

# Of each group in this order, those that were measured.
_STANDS_IN = {"network_burst_percentage": "network_burst_percentage_axis_2015"}
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Rate": ("mean_firing_rate", "weighted_mean_firing_rate"),
    "Synchrony": ("sttc", "synchrony_index", "area_under_normalized_cross_correlation"),
    "Structure of bursts": (
        "burst_percentage",
        "network_burst_percentage_axis_2015",
        "network_burst_percentage",
        "network_burst_duration",
        "electrodes_per_network_burst",
    ),
}

Record = Mapping[str, Any]


def lines(scores: Iterable[Record]) -> dict[str, Any] | None:
    """Return the medians of each line, day by day.

    Parameters
    ----------
    scores : iterable of mapping
        Score records of wells and plates.

    Returns
    -------
    dict or None
        None where fewer than two lines are named. Only untreated wells that have a stage are in it.

    Examples
    --------
    >>> rate = {"feature": "mean_firing_rate", "value": 1.5, "unit": "Hz", "status": "ok"}
    >>> well = {"level": "well", "status": "ok", "maturity_index": 0.5, "network_stage": "emerging", "criteria": [rate]}
    >>> found = lines([{**well, "sample": {"line": "a", "div": 9}}, {**well, "sample": {"line": "b", "div": 9}}])
    >>> [(row["when"], row["line"], row["values"]) for row in found["rows"]]
    [('day 9', 'a', ['1.50']), ('day 9', 'b', ['1.50'])]
    """
    found = [score for score in scores if _is_compared(score)]
    if len({wells.line_of(score) for score in found}) < 2:
        return None
    field = wells.day_field(found)
    groups: dict[tuple[float, str, str], list[Record]] = {}
    for score in found:
        day = wells.day_of(score, field)
        moment = labels.plain(score.get("recording") or "") if day is None else day_words(day)
        groups.setdefault((-1.0 if day is None else day, moment, wells.line_of(score)), []).append(score)
    shown = _measured(found)
    order = sorted(groups, key=lambda key: (key[0], natural_key(key[1]), natural_key(key[2])))
    return {
        "warning": WARNING,
        "groups": [{"name": name, "n": len(columns)} for name, columns in shown.items() if columns],
        "heads": [f"{labels.feature(name)}{_in(unit)}" for columns in shown.values() for name, unit in columns.items()],
        "rows": [
            {
                "when": moment,
                "line": line,
                "n_wells": len(groups[day, moment, line]),
                "values": [_median(groups[day, moment, line], name) for of in shown.values() for name in of],
            }
            for day, moment, line in order
        ],
    }


def _is_compared(score: Record) -> bool:
    sample = score.get("sample") or {}
    untreated = is_untreated(str(sample.get("treatment") or ""), sample.get("dose"))
    return score.get("level") == "well" and wells.state_of(score) in JUDGED and untreated and bool(wells.line_of(score))


def _measured(scores: Sequence[Record]) -> dict[str, dict[str, str]]:
    """Return the features of each group that any well has, with their units."""
    units = {row.get("feature"): str(row.get("unit") or "1") for s in scores for row in _values(s)}
    shown = {name for name in units if _STANDS_IN.get(str(name)) not in units}
    return {group: {name: units[name] for name in names if name in shown} for group, names in _GROUPS.items()}


def _values(score: Record) -> list[Record]:
    return [row for row in score.get("criteria") or () if isinstance(row.get("value"), int | float)]


def _median(scores: Sequence[Record], feature: str) -> str:
    known = [float(row["value"]) for score in scores for row in _values(score) if row.get("feature") == feature]
    return labels.number(statistics.median(known)) if known else ""


def _in(unit: str) -> str:
    return "" if unit == "1" else f" ({labels.unit(unit)})"
