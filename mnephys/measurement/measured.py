"""One measurement, and what it is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Measurement", "Status"]


class Status(StrEnum):
    """What a measurement is worth; only ``ok`` and ``out_of_range`` come with a value or a text."""

    OK = "ok"
    EXCLUDED = "excluded"
    NOT_APPLICABLE = "not_applicable"
    TOO_FEW_EVENTS = "too_few_events"
    OUT_OF_RANGE = "out_of_range"
    BAD_INPUT = "bad_input"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One row of the tidy table.

    Parameters
    ----------
    feature : str
        Name of the feature.
    value : float or None
        The number, in `unit`; None for categories and for what could not be measured.
    text : str
        The category, for features that are one.
    unit : str
        A unit of `mnephys.units`.
    status : Status
        Whether it was measured.
    reason : str
        A sentence, required unless the status is ``ok``; beside ``ok`` it is a remark.
    level : str
        ``sweep``, ``cell``, ``electrode``, ``well``, ``plate``, ``culture`` or ``line``.
    id : str
        ``s3`` for the fourth sweep, a well, an electrode; empty for a cell.
    recording : str
        Which recording; empty while there is only one.

    Raises
    ------
    ValueError
        If a value that is not finite, a status without a reason, or a value beside a status that has none, is given.
    """

    feature: str
    value: float | None
    text: str
    unit: str
    status: Status = Status.OK
    reason: str = ""
    level: str = "cell"
    id: str = ""
    recording: str = ""

    def __post_init__(self) -> None:
        # A plate has ten thousand rows: what is a status already is not made one again.
        if type(self.status) is not Status:
            object.__setattr__(self, "status", Status(self.status))
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"{self.feature}: {self.value} is no measurement, use a status and a reason")
        if self.status is Status.OK and self.value is None and not self.text:
            raise ValueError(f"{self.feature}: neither value nor text, use a status and a reason")
        if self.status is not Status.OK and not self.reason:
            raise ValueError(f"{self.feature}: status {self.status.value} needs a reason")
        if self.status not in {Status.OK, Status.OUT_OF_RANGE} and (self.value is not None or self.text):
            raise ValueError(f"{self.feature}: status {self.status.value} comes with neither value nor text")

    @property
    def ok(self) -> bool:
        """Whether it was measured and can be used."""
        return self.status is Status.OK
