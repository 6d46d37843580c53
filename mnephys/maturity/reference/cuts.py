"""How the cuts of a rubric stand among a laboratory's own cells, and where cells of known stage would put them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mnephys.maturity.model import Rubric
from mnephys.maturity.reference.cells import OwnCells
from mnephys.maturity.reference.parse import STAGES
from mnephys.maturity.scale import Criterion, Role
from mnephys.recording import FloatArray

__all__ = ["Cut", "cuts_among"]

_QUARTER = 0.25
_FEWEST = 3
_IMMATURE, _, _MATURE = STAGES


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut of a rubric among cells of known stage.

    Parameters
    ----------
    feature, unit, side : str
        What is cut; ``immature`` for the cut worth 0 points, ``mature`` for the one worth 1.
    cut : float
        Of the rubric.
    own : float or None
        Where the cells would put it: three quarters of the immature cells are on the far side of the immature cut,
        three quarters of the mature cells on the near side of the mature one. None where fewer than 3 were measured.
    reached : mapping of str to float
        Share of the cells of each stage that reach the cut of the rubric, or lie beyond.
    n : mapping of str to int
        Cells of each stage that were measured.
    overlap : bool
        Whether the own cuts are the wrong way round: the feature does not tell these cells apart.
    """

    feature: str
    unit: str
    side: str
    cut: float
    own: float | None
    reached: dict[str, float]
    n: dict[str, int]
    overlap: bool

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON and tables want it.

        Returns
        -------
        dict
            One entry per parameter.
        """
        return {name: getattr(self, name) for name in self.__slots__}


def cuts_among(cells: OwnCells, rubric: Rubric) -> tuple[Cut, ...]:
    r"""Return where each scored cut stands among cells of known stage.

    Parameters
    ----------
    cells : OwnCells
        Of the laboratory.
    rubric : Rubric
        Whose cuts are looked at.

    Returns
    -------
    tuple of Cut
        Two for each scored feature with numbers that was measured, in the order of the rubric.

    Examples
    --------
    >>> from mnephys.maturity.reference.cells import parse_cells
    >>> from mnephys.maturity.rubric import load_rubric
    >>> text = b"stage,ap_amplitude\nimmature,30\nimmature,40\nimmature,52\nmature,70\nmature,80\nmature,90\n"
    >>> found = cuts_among(parse_cells(text), load_rubric())
    >>> [(cut.side, cut.cut, cut.own, cut.reached["immature"]) for cut in found]
    [('immature', 50.0, 46.0, 0.3333333333333333), ('mature', 60.0, 75.0, 0.0)]
    """
    found: list[Cut] = []
    for criterion in rubric.counted:
        if criterion.role is Role.SCORED and criterion.feature in cells.numbers and not criterion.categories:
            found += _cuts(cells, criterion)
    return tuple(found)


def _cuts(cells: OwnCells, criterion: Criterion) -> list[Cut]:
    if criterion.immature is None or criterion.mature is None:
        return []
    way = 1.0 if criterion.mature > criterion.immature else -1.0
    values = cells.numbers[criterion.feature]
    values = way * (np.abs(values) if criterion.magnitude else values)
    measured = {stage: values[(cells.stage == stage) & np.isfinite(values)] for stage in STAGES}
    low, high = _quantile(measured[_IMMATURE], 1 - _QUARTER), _quantile(measured[_MATURE], _QUARTER)
    overlap = low is not None and high is not None and low >= high
    return [
        Cut(
            feature=criterion.feature,
            unit=criterion.unit,
            side=side,
            cut=cut,
            own=None if own is None else way * own,
            reached={stage: float(np.mean(of >= way * cut)) for stage, of in measured.items() if of.size},
            n={stage: int(of.size) for stage, of in measured.items() if of.size},
            overlap=overlap,
        )
        for side, cut, own in ((_IMMATURE, criterion.immature, low), (_MATURE, criterion.mature, high))
    ]


def _quantile(values: FloatArray, q: float) -> float | None:
    return float(np.quantile(values, q)) if values.size >= _FEWEST else None
