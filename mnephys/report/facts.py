"""What somebody stated about the recordings of a cell, in words with units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mnephys.plot import labels

__all__ = ["NOT_STATED", "about", "stated", "treatment"]

NOT_STATED = "not stated"

_WORDS = {
    "plate": ("plate", ""),
    "well": ("well", ""),
    "cell": ("cell", ""),
    "line": ("cell line", ""),
    "donor": ("donor", ""),
    "differentiation": ("differentiation", ""),
    "div": ("days in vitro since the last plating", ""),
    "day_of_differentiation": ("day of differentiation", ""),
    "derivation_protocol": ("derivation protocol", ""),
    "plated": ("cells in the well", ""),
    "treatment": ("treatment", ""),
    "control": ("control", ""),
    "temperature_c": ("temperature of the bath", "degC"),
    "internal_solution": ("pipette solution", ""),
    "external_solution": ("bath solution", ""),
    "ljp_mv": ("liquid junction potential", "mV"),
    "rs_mohm": ("series resistance", "MOhm"),
    "rseal_mohm": ("seal resistance", "MOhm"),
    "bias_pa": ("bias current, injected all the time", "pA"),
    "protocol": ("stimulus protocol", ""),
}
# What a score of a cell depends on, so that its absence has to be seen.
_WANTED = ("ljp_mv", "rseal_mohm", "bias_pa", "temperature_c")
# Said together with another fact.
_JOINED = {"dose", "dose_unit", "ljp_subtracted"}
# Said of a plate by its heading, its maps and its tables.
_ELSEWHERE = {"plate", "well", "div", "plated", "line", "treatment"}

Facts = Mapping[str, Any]


def stated(samples: Mapping[str, Facts], names: Sequence[str]) -> list[dict[str, str]]:
    r"""Return what was stated about some recordings, and what was not although a score depends on it.

    Parameters
    ----------
    samples : mapping of str to mapping
        Known facts by recording; the fields of `mnephys.samples.Sample`.
    names : sequence of str
        Recordings of one cell; the parts of one file, ``file.abf#0``, share its facts.

    Returns
    -------
    list of dict
        `fact` and `value`, where recordings differ with the names behind each value.

    Examples
    --------
    >>> rows = stated({"a.abf": {"line": "L1", "ljp_mv": 15.0, "ljp_subtracted": False}}, ["a.abf"])
    >>> [row["value"].replace("\N{NO-BREAK SPACE}", " ") for row in rows]
    ['L1', 'not stated', '15 mV, not subtracted', 'not stated', 'not stated']
    """
    each = {name: _of(samples, name) for name in names}
    keys = dict.fromkeys([*_WORDS, *(key for facts in each.values() for key in facts)])
    shown = [k for k in keys if k not in _JOINED and (k in _WANTED or any(_known(f, k) for f in each.values()))]
    return [{"fact": _fact(key), "value": _together({n: _value(f, key) for n, f in each.items()})} for key in shown]


def about(samples: Sequence[Facts]) -> list[dict[str, str]]:
    """Return what was stated about a plate as a whole.

    Parameters
    ----------
    samples : sequence of mapping
        Known facts of each of its recordings.

    Returns
    -------
    list of dict
        `fact` and `value` of what all recordings share; plate, well and day stand elsewhere on the page.

    Examples
    --------
    >>> about([{"plate": "P", "div": 5.0, "donor": "D1"}, {"plate": "P", "div": 9.0, "donor": "D1"}])
    [{'fact': 'donor', 'value': 'D1'}]
    """
    keys = dict.fromkeys([*_WORDS, *(key for facts in samples for key in facts)])
    shown = [key for key in keys if key not in _JOINED | _ELSEWHERE and any(_known(f, key) for f in samples)]
    values = {key: {_value(facts, key) for facts in samples} for key in shown}
    return [{"fact": _fact(key), "value": next(iter(values[key]))} for key in shown if len(values[key]) == 1]


def treatment(facts: Facts) -> str:
    r"""Return what was added to a well, and how much.

    Parameters
    ----------
    facts : mapping
        Known facts of the well.

    Returns
    -------
    str
        Empty where nobody stated it.

    Examples
    --------
    >>> treatment({"treatment": "TTX", "dose": 1.0, "dose_unit": "uM"}).split("\N{NO-BREAK SPACE}"), treatment({})
    (['TTX, 1', 'uM'], '')
    """
    return _value(facts, "treatment") if _known(facts, "treatment") else ""


def _of(samples: Mapping[str, Facts], name: str) -> Facts:
    return samples.get(name) or samples.get(name.rpartition("#")[0]) or {}


def _known(facts: Facts, key: str) -> bool:
    return facts.get(key) is not None and facts[key] != ""


def _fact(key: str) -> str:
    return _WORDS[key][0] if key in _WORDS else labels.feature(key)


def _value(facts: Facts, key: str) -> str:
    if not _known(facts, key):
        return NOT_STATED
    words = _written(facts[key], _WORDS.get(key, ("", ""))[1])
    if key == "treatment" and _known(facts, "dose"):
        unit = labels.unit(str(facts.get("dose_unit") or ""))
        return f"{words}, {_written(facts['dose'], '')}\N{NO-BREAK SPACE}{unit}".strip()
    if key == "ljp_mv":
        how = {True: "subtracted", False: "not subtracted", None: f"whether it was subtracted: {NOT_STATED}"}
        return f"{words}, {how[_flag(facts.get('ljp_subtracted'))]}"
    return words


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _written(value: Any, symbol: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = labels.compact(value) if isinstance(value, (int, float)) else labels.plain(value)
    return f"{text}\N{NO-BREAK SPACE}{labels.unit(symbol)}" if symbol else text


def _together(values: Mapping[str, str]) -> str:
    """Return the one value of all recordings, or each with the recordings that have it."""
    names: dict[str, list[str]] = {}
    for name, value in values.items():
        names.setdefault(value, []).append(labels.plain(name))
    if len(names) == 1:
        return next(iter(names))
    return "; ".join(f"{value} ({', '.join(which)})" for value, which in names.items())
