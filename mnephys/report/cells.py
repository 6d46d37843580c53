"""One cell on the page: what the overview needs of it, and all the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnephys.plot import labels
from mnephys.report import figures, rows, text
from mnephys.report.facts import stated
from mnephys.report.recordings import Recording
from mnephys.report.references import References

__all__ = ["CELL_BUDGET", "Known", "details", "names", "summary"]

CELL_BUDGET = 200_000
"""Most characters that the pictures of one cell take on the page."""

_MOST_PICTURED = 4

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What a cell is shown with.

    Parameters
    ----------
    recordings : mapping of str to Recording
        Of all cells.
    evidence : mapping of str to mapping
        Asked for one record at a time, when it is drawn.
    samples : mapping of str to mapping, optional
        What was stated of each recording; None where the run did not keep it.
    references : References
        Remembers the sources.
    """

    recordings: Mapping[str, Recording]
    evidence: Mapping[str, Record]
    samples: Mapping[str, Record] | None
    references: References


def names(score: Record) -> list[str]:
    """Return the recordings that a score names.

    Parameters
    ----------
    score : mapping
        A score record.

    Returns
    -------
    list of str
        Each once.

    Examples
    --------
    >>> names({"recording": "a.abf", "sources": ["a.abf", "b.abf"]})
    ['a.abf', 'b.abf']
    """
    return [n for n in dict.fromkeys([score.get("recording") or "", *(score.get("sources") or ())]) if n]


def summary(score: Record, recordings: Mapping[str, Recording], key: str) -> dict[str, Any]:
    """Return the head of a cell, which is its row in the overview too.

    Parameters
    ----------
    score : mapping
        A score record.
    recordings : mapping of str to Recording
        All that the score names.
    key : str
        Begins the ids of the cell.

    Returns
    -------
    dict
        Values for the template; text is plain.

    Examples
    --------
    >>> summary({"subject": "c7", "stage": "mature"}, {}, "c1")["stage_words"]
    'mature'
    """
    stage = text.stage_of(score)
    reasons = text.reasons(score)
    subject = " ".join(filter(None, (str(score.get("subject") or ""), str(score.get("id") or ""))))
    return {
        "key": key,
        "name": labels.plain(subject) or key,
        "level": labels.plain(score.get("level") or "cell"),
        "stage": stage,
        "stage_words": text.STAGES[stage],
        "claim": text.CLAIMS.get(str(score.get("claim")), labels.category(str(score.get("claim") or "no claim"))),
        "index": rows.index(score),
        "reasons": reasons or ["no reason was recorded"],
        "simulated": any(recordings[name].simulated for name in names(score)),
    }


def details(score: Record, head: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """Return all that the page says of a cell, pictures included.

    Parameters
    ----------
    score : mapping
        A score record.
    head : mapping
        Its `summary`.
    known : Known
        What belongs to it.

    Returns
    -------
    dict
        Values for the template.

    Examples
    --------
    >>> score = {"subject": "c7"}
    >>> details(score, summary(score, {}, "c1"), Known({}, {}, None, References()))["pictures"]
    []
    """
    named = {name: known.recordings[name] for name in names(score)}
    found = [name for name, recording in named.items() if recording.known]
    criteria: Sequence[Record] = score.get("criteria") or ()
    scored = [row for row in criteria if figures.is_scored(row)]
    return {
        **head,
        "domains": [rows.domain(name, domain) for name, domain in (score.get("domains") or {}).items()],
        "criteria": [rows.criterion(row, known.references) for row in scored],
        "reported": [rows.criterion(row, known.references) for row in criteria if not figures.is_scored(row)],
        "identity": _identity(score.get("identity") or {}, known.references),
        "pictures": _pictures(found[:_MOST_PICTURED], known.evidence, str(head["key"])),
        "scales": figures.of_criteria(score, f"{head['key']}k") if scored else None,
        "not_pictured": [labels.plain(name) for name in found[_MOST_PICTURED:]],
        "examined": bool(found),
        "problems": [sentence for recording in named.values() for sentence in recording.problems],
        "stated": [] if known.samples is None or not named else stated(known.samples, list(named)),
        "sources": [{**recording.source, "simulated": recording.simulated} for recording in named.values()],
    }


def _identity(identity: Record, references: References) -> dict[str, Any]:
    call = str(identity.get("call") or "not assessed")
    return {
        "call": text.IDENTITIES.get(call, labels.category(call)),
        "reasons": [labels.prose(reason) for reason in identity.get("reasons") or ()],
        "criteria": [rows.criterion(row, references) for row in identity.get("criteria") or ()],
    }


def _pictures(drawn: Sequence[str], evidence: Mapping[str, Record], key: str) -> list[figures.Picture]:
    budget = CELL_BUDGET // max(len(drawn), 1)
    return [p for i, name in enumerate(drawn, 1) for p in figures.of_recording(evidence[name], f"{key}r{i}", budget)]
