"""What a metric of an export is: its name here, its unit, and what an empty cell or a 0 means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Kind", "Metric", "Need", "Zero"]


class Kind(StrEnum):
    """What a metric is, which says what an empty cell means."""

    COUNT = "count"
    RATE = "rate"
    SHARE = "percentage"
    MEAN = "mean"


class Zero(StrEnum):
    """What a 0 means where there was something to measure."""

    TRUE = "a value like any other"
    NONE = "nothing was measured"
    WRONG = "cannot be"


@dataclass(frozen=True, slots=True)
class Need:
    """What has to be there for a metric to be defined.

    Parameters
    ----------
    count : str
        A feature that is a count; ``most_bursts``, those of the electrode of a well that has most; or ``active``,
        whether an electrode is.
    least : int
        So many are needed.
    reason : str
        Why the metric is not defined with fewer.
    """

    count: str
    least: int
    reason: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of the vendor's under the name it has here.

    Parameters
    ----------
    feature : str
        Its name here.
    unit : str
        Its unit here, a unit of `mnephys.units`.
    kind : Kind
        What it is.
    of : str
        For a rate or a percentage the count that it is made of: where that is 0, so is an empty cell.
    needs : tuple of Need
        For what is undefined where there is too little of something.
    zero : Zero
        For a mean: what a 0 means where nothing is missing.
    signed : bool
        Whether it may be below 0.
    strict : bool
        Whether a value cannot be true where a need is not met. The vendor's cross-correlations take electrodes that
        its own count of active ones leaves out.
    """

    feature: str
    unit: str = "1"
    kind: Kind = Kind.MEAN
    of: str = ""
    needs: tuple[Need, ...] = ()
    zero: Zero = Zero.WRONG
    signed: bool = False
    strict: bool = True
