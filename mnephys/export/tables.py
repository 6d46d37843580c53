"""Tables as CSV: the same results give the same bytes, on every machine."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mnephys.measurement import COLUMNS, FeatureTable
from mnephys.wording import one_line

__all__ = ["features_csv", "records_csv", "scores_csv", "spikes_csv"]

_SCORED = ("subject", "level", "id", "recording", "stage", "claim", "network_stage", "maturity_index", "confidence")
_SAMPLE = ("plate", "line", "differentiation", "div", "day_of_differentiation", "plated", "treatment", "control")
_OPINION = ("second_opinion", "second_opinion_uncertainty", "second_opinion_reason", "second_opinion_reference")
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_text(text: str) -> str:
    """Return text that a spreadsheet does not run as a formula.

    Parameters
    ----------
    text : str
        A label or a sentence; numbers do not come here.

    Returns
    -------
    str
        On one line, with an apostrophe before a leading ``=``, ``+``, ``-`` or ``@``, wide ones too.

    Examples
    --------
    >>> safe_text("=1+1")
    "'=1+1"
    """
    line = one_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line


def features_csv(table: FeatureTable) -> str:
    """Return the tidy table of measurements.

    Parameters
    ----------
    table : FeatureTable
        Of any number of recordings.

    Returns
    -------
    str
        Columns as in `mnephys.measurement.COLUMNS`; an empty `value` comes with a text or a reason.

    Examples
    --------
    >>> features_csv(FeatureTable()).strip()
    'recording,level,id,feature,value,text,unit,status,reason'
    """
    return _csv(COLUMNS, ([record[column] for column in COLUMNS] for record in table.records()))


def records_csv(columns: Sequence[str], records: Iterable[Mapping[str, Any]]) -> str:
    r"""Return records as a table.

    Parameters
    ----------
    columns : sequence of str
        Keys of the records, in the order in which they are shown.
    records : iterable of mapping
        One per row.

    Returns
    -------
    str
        An empty cell where a value is None.

    Examples
    --------
    >>> records_csv(["treatment", "mean"], [{"treatment": "=TTX", "mean": None}])
    "treatment,mean\n'=TTX,\n"
    """
    return _csv(columns, ([record[column] for column in columns] for record in records))


def spikes_csv(table: FeatureTable) -> str:
    """Return the action potentials, one row each.

    Parameters
    ----------
    table : FeatureTable
        Of any number of recordings.

    Returns
    -------
    str
        Columns as in `mnephys.patch.action_potentials`, with `recording`, `step`, `step_current` and
        `used`; an empty cell where a value does not exist.

    Examples
    --------
    >>> spikes_csv(FeatureTable())
    ''
    """
    if not table.spikes:
        return ""
    columns = [np.asarray(column).tolist() for column in table.spikes.values()]
    return _csv(tuple(table.spikes), zip(*columns, strict=True))


def scores_csv(scores: Sequence[Mapping[str, Any]]) -> str:
    """Return one row per score: stage, claim, index, domains, what was stated about it, and the main reason.

    Parameters
    ----------
    scores : sequence of mapping
        As `Score.to_json` gives them.

    Returns
    -------
    str
        A domain that was not measured has an empty cell. Where any score has a second opinion, four columns more.

    Examples
    --------
    >>> scores_csv([]).startswith("subject,level,id,recording,stage")
    True
    """
    domains = list(dict.fromkeys(name for score in scores for name in score["domains"]))
    opinions = any("second_opinion" in score for score in scores)
    head = [*_SCORED, "interval_low", "interval_high", *(f"domain_{name}" for name in domains)]
    head += [*_SAMPLE, "identity", "status", "reason", "sources", "rubric"]
    rows = (_score_row(score, domains) for score in scores)
    if not opinions:
        return _csv(tuple(head), rows)
    beside = (_opinion(score) for score in scores)
    return _csv((*head, *_OPINION), ([*row, *more] for row, more in zip(rows, beside, strict=True)))


def _score_row(score: Mapping[str, Any], domains: Sequence[str]) -> list[Any]:
    low, high = score["interval"] or (None, None)
    row = [*(score[key] for key in _SCORED), low, high]
    row += [score["domains"].get(name, {}).get("score") for name in domains]
    row += [score["sample"].get(key) for key in _SAMPLE]
    row += [score["identity"]["call"], score["status"], (score["reasons"] or [""])[0]]
    return [*row, "; ".join(score["sources"]), f"{score['rubric']['name']} {score['rubric']['version']}"]


def _opinion(score: Mapping[str, Any]) -> list[Any]:
    opinion = score.get("second_opinion") or {}
    named = opinion.get("reference", {}).get("name", "")
    return [opinion.get("score"), opinion.get("uncertainty"), opinion.get("reason", ""), named]


def _csv(head: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    # The same few words fill most cells of a long table.
    safe = _Safe()
    writer.writerows([safe[value] if isinstance(value, str) else _cell(value) for value in row] for row in rows)
    return stream.getvalue()


class _Safe(dict[str, str]):
    """The safe form of each text, made once."""

    def __missing__(self, text: str) -> str:
        return self.setdefault(text, safe_text(text))


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return repr(round(value, 9)) if isinstance(value, float) else value
