"""The features that a reference may have: those of the rubric for cells, with their units and categories."""

from __future__ import annotations

from collections.abc import Mapping

from mnephys.maturity.rubric import load_rubric
from mnephys.maturity.scale import Criterion, Role

__all__ = ["known_features"]


def known_features() -> Mapping[str, Criterion]:
    """Return what can be compared with a reference.

    Returns
    -------
    mapping of str to Criterion
        By feature: all of the built-in rubric, but for those of the recording itself, and those of identity, which is
        kept apart from maturity.

    Examples
    --------
    >>> known_features()["ap_half_width"].unit
    'ms'
    """
    return {
        name: criterion
        for name, criterion in load_rubric().criteria.items()
        if criterion.domain != "recording" and criterion.role not in {Role.STAND_IN, Role.IDENTITY}
    }
