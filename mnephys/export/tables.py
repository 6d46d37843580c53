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

__all__ = ["features_csv", "scores_csv", "spikes_csv"]

_SCORED = ("subject", "level", "id", "recording", "stage", "claim", "network_stage", "maturity_index", "confidence")
_SAMPLE = ("plate", "line", "differentiation", "div", "day_of_differentiation", "plated", "treatment", "control")
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
        A domain that was not measured has an empty cell.

    Examples
    --------
    >>> scores_csv([]).startswith("subject,level,id,recording,stage")
    True
    """
    domains = list(dict.fromkeys(name for score in scores for name in score["domains"]))
    head = [*_SCORED, "interval_low", "interval_high", *(f"domain_{name}" for name in domains)]
    head += [*_SAMPLE, "identity", "status", "reason", "sources", "rubric"]
    return _csv(tuple(head), (_score_row(score, domains) for score in scores))


def _score_row(score: Mapping[str, Any], domains: Sequence[str]) -> list[Any]:
    low, high = score["interval"] or (None, None)
    row = [*(score[key] for key in _SCORED), low, high]
    row += [score["domains"].get(name, {}).get("score") for name in domains]
    row += [score["sample"].get(key) for key in _SAMPLE]
    row += [score["identity"]["call"], score["status"], (score["reasons"] or [""])[0]]
    return [*row, "; ".join(score["sources"]), f"{score['rubric']['name']} {score['rubric']['version']}"]


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
