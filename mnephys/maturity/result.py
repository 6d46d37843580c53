"""The score of one subject: stage, claim, index, and the evidence for them."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mnephys.maturity.criteria import Evidence
from mnephys.maturity.identity import Identity
from mnephys.maturity.reference.opinion import Opinion
from mnephys.maturity.what_if import Change, Resolution
from mnephys.measurement import Status
from mnephys.wording import one_line

__all__ = ["DomainScore", "Score"]

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class DomainScore:
    """The score of one domain.

    Parameters
    ----------
    score : float or None
        0 to 1; None where nothing of it was measured.
    weight : float
        Its share of the index before renormalisation; 0 where it is reported apart.
    measured, criteria : int
        Of so many features that make its mean, so many were measured.
    """

    score: float | None
    weight: float
    measured: int
    criteria: int


@dataclass(frozen=True, slots=True, repr=False)
class Score:
    """How mature one subject is, and why.

    Parameters
    ----------
    subject, level, id, recording : str
        What was scored: its name, ``cell``, ``well`` or ``plate``, its id, and the recording where there is only one.
    sources : tuple of str
        Names of the recordings used.
    stage : str or None
        ``immature``, ``intermediate``, ``mature`` or ``indeterminate``; None for wells and plates.
    claim : str or None
        ``none``, ``excitable``, ``functional`` or ``mature_in_vitro``; None for wells and plates.
    network_stage : str or None
        ``absent``, ``emerging``, ``organised`` or ``indeterminate``; None for cells.
    maturity_index : float or None
        0 to 1; None where no weighted domain was measured.
    interval : tuple of float or None
        Lowest and highest index over everything unknown that was tried, and over leaving out each
        feature in turn; of a well also over what a domain that could not be measured might be. No
        confidence interval: it says how much the index hangs on single inputs. Of a plate the
        lowest and the highest of its wells.
    domains : mapping of str to DomainScore
        In the order of the rubric.
    criteria : tuple of Evidence
        Everything but identity.
    identity : Identity
        Whether the cell looks like its type; apart from its maturity.
    reasons : tuple of str
        Sentences; the first says why the stage is what it is.
    status : Status
        ``ok`` where there was something to score, ``excluded`` where no recording passed quality
        control, ``not_applicable`` where nothing was measured that the rubric scores.
    rubric : mapping of str to str
        Name, version and SHA-256 of the rubric.
    confidence : str or None
        ``low``, ``moderate`` or ``high``: what speaks for the score of a well beside its criteria; None for cells.
    sample : mapping of str to str, float or bool
        What was stated about the subject: line, day and so on. Nothing of it enters the index.
    changes : tuple of Change
        Of a cell, at which values of single features its stage would be another.
    resolutions : tuple of Resolution
        Of a cell whose stage is ``indeterminate``, which measurements would decide it.
    posterior : Opinion or None
        Of a cell, how probable each stage is by what published cells measure; None where nobody asked.
    """

    subject: str
    level: str
    id: str
    recording: str
    sources: tuple[str, ...]
    stage: str | None
    claim: str | None
    network_stage: str | None
    maturity_index: float | None
    interval: tuple[float, float] | None
    domains: Mapping[str, DomainScore]
    criteria: tuple[Evidence, ...]
    identity: Identity
    reasons: tuple[str, ...]
    status: Status
    rubric: Mapping[str, str] = field(default_factory=dict)
    confidence: str | None = None
    sample: Mapping[str, str | float | bool] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    resolutions: tuple[Resolution, ...] = ()
    posterior: Opinion | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON wants it.

        Returns
        -------
        dict
            One entry per parameter; numbers are rounded to six decimals, never NaN.
        """
        return {
            "subject": self.subject,
            "level": self.level,
            "id": self.id,
            "recording": self.recording,
            "sources": list(self.sources),
            "stage": _text(self.stage),
            "claim": _text(self.claim),
            "network_stage": _text(self.network_stage),
            "maturity_index": _rounded(self.maturity_index),
            "interval": None if self.interval is None else [_rounded(bound) for bound in self.interval],
            "domains": {
                name: {
                    "score": _rounded(domain.score),
                    "weight": domain.weight,
                    "measured": domain.measured,
                    "criteria": domain.criteria,
                }
                for name, domain in self.domains.items()
            },
            "criteria": [
                {
                    **e.to_json(),
                    "points": _rounded(e.points),
                    "raw": _rounded(e.raw),
                    "corrected": _rounded(e.corrected),
                }
                for e in self.criteria
            ],
            "identity": self.identity.to_json(),
            "reasons": list(self.reasons),
            "status": str(self.status),
            "rubric": dict(self.rubric),
            "confidence": _text(self.confidence),
            "sample": dict(self.sample),
            "changes": [change.to_json() for change in self.changes],
            "resolutions": [resolution.to_json() for resolution in self.resolutions],
            "posterior": None if self.posterior is None else _posterior(self.posterior),
        }

    def _headline(self) -> str:
        index = "no maturity index" if self.maturity_index is None else f"maturity index {self.maturity_index:.2f}"
        span = "" if self.interval is None else f" ({self.interval[0]:.2f} to {self.interval[1]:.2f})"
        if self.stage is None:
            sure = "" if self.confidence is None else f", confidence {self.confidence}"
            return f"network {self.network_stage}, {index}{span}{sure}"
        return f"{self.stage}, claim {self.claim}, {index}{span}"

    def __repr__(self) -> str:
        lines = [f"{one_line(self.subject)}: {self._headline()}"]
        lines += [f"  {one_line(reason)}" for reason in self.reasons[:4]]
        lines.append(f"  Identity (apart from maturity): {self.identity.call}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        reasons = "".join(f"<li>{html.escape(reason)}</li>" for reason in self.reasons)
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(evidence)) + "</tr>"
            for evidence in self.criteria
            if evidence.points is not None
        )
        head = "".join(f"<th>{name}</th>" for name in ("feature", "measured", "cut", "points", "basis"))
        return (
            f"<div><b>{html.escape(self.subject)}</b>: {html.escape(self._headline())}<ul>{reasons}</ul>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"Identity (apart from maturity): {html.escape(self.identity.call)}</div>"
        )


def _cells(evidence: Evidence) -> tuple[str, ...]:
    value = "" if evidence.value is None else f"{evidence.value:.4g} {evidence.unit if evidence.unit != '1' else ''}"
    shown = evidence.text or value.strip() or evidence.reason
    points = "" if evidence.points is None else f"{evidence.points:.2f}"
    return evidence.feature, shown, evidence.cut, points, evidence.basis


def _posterior(opinion: Opinion) -> dict[str, Any]:
    """Return an opinion without the sources behind it, which its reference names."""
    found = opinion.to_json()
    del found["behind"], found["left_out"]
    for name in ("probabilities", "prior"):
        found[name] = {stage: _rounded(value) for stage, value in found[name].items()}
    found["typicality"] = _rounded(found["typicality"])
    found["spoke"] = {
        name: {stage: _rounded(value) for stage, value in stages.items()} for name, stages in found["spoke"].items()
    }
    return found


def _text(word: str | None) -> str | None:
    return None if word is None else str(word)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
