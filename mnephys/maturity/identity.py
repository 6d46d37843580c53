"""Whether a cell looks like a motor neuron: kept apart from its maturity, and never a proof.

The firing of motor neurons is distinctive only in part; adaptation, rebound firing and a medium AHP
are found in other neurons too. Markers, cholinergic transmission and contacts with muscle decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnephys.maturity.criteria import Evidence, in_range
from mnephys.maturity.model import Rubric
from mnephys.maturity.scale import Role

__all__ = ["CONSISTENT", "NOT_ASSESSED", "NOT_DISTINCTIVE", "NO_CELL", "Identity", "identify"]

NOT_ASSESSED = "not assessed"
CONSISTENT = "consistent"
NOT_DISTINCTIVE = "not distinctive"

_NO_PROOF = "This is no proof of identity, which takes markers, cholinergic transmission or contact with muscle."


@dataclass(frozen=True, slots=True)
class Identity:
    """Whether the firing of a cell is of the kind that motor neurons show.

    Parameters
    ----------
    call : str
        ``not assessed``, ``consistent`` (with a motor neuron) or ``not distinctive``.
    reasons : tuple of str
        Sentences.
    criteria : tuple of Evidence
        What was looked at; without points.
    """

    call: str
    reasons: tuple[str, ...]
    criteria: tuple[Evidence, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON wants it.

        Returns
        -------
        dict
            ``call``, ``reasons`` and ``criteria``.
        """
        return {"call": self.call, "reasons": list(self.reasons), "criteria": [e.to_json() for e in self.criteria]}


NO_CELL = Identity(NOT_ASSESSED, ("Activity on electrodes does not tell a motor neuron from another neuron.",), ())
"""What can be said of the identity of the cells in a well: nothing."""


def identify(rubric: Rubric, numbers: Mapping[str, float], evidence: tuple[Evidence, ...]) -> Identity:
    """Return whether the measurements are of the kind that motor neurons show.

    Parameters
    ----------
    rubric : Rubric
        The ranges expected.
    numbers : mapping of str to float
        Measured values in the units of the criteria.
    evidence : tuple of Evidence
        The lines on the identity criteria.

    Returns
    -------
    Identity
        ``consistent`` where enough criteria are met and more are met than not.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> identify(load_rubric(), {"medium_ahp": 3.0, "rebound_spike_count": 2.0}, ()).call
    'consistent'
    """
    criteria = [c for c in rubric.criteria.values() if c.role is Role.IDENTITY]
    measured = [c for c in criteria if c.feature in numbers]
    if not measured:
        wanted = ", ".join(c.label for c in criteria)
        return Identity(NOT_ASSESSED, (f"None of {wanted} was measured.",) if wanted else (), evidence)
    met = [c.label for c in measured if in_range(c, numbers[c.feature])]
    unmet = [c.label for c in measured if c.label not in met]
    # What did not occur has no size that could lie inside or outside of a range.
    absent = [c.label for c in measured if c.label in unmet and numbers[c.feature] == 0]
    outside = [label for label in unmet if label not in absent]
    lines = [f"As in motor neurons: {', '.join(met)}."] if met else []
    lines += [f"Outside the range of motor neurons: {', '.join(outside)}."] if outside else []
    lines += [f"Not seen: {', '.join(absent)}."] if absent else []
    if len(met) >= rubric.identity_minimum and len(met) > len(unmet):
        lines.append(f"Other neurons can show the same. {_NO_PROOF}")
        return Identity(CONSISTENT, tuple(lines), evidence)
    lines.append("What was measured does not tell a motor neuron from another neuron.")
    return Identity(NOT_DISTINCTIVE, tuple(lines), evidence)
