"""The result vocabulary: what a feature is, and what a measurement of it says.

A measurement is never a bare NaN, None or 0: where nothing could be measured it carries a status and
a reason that a person can read. Everything downstream (score, report, exports) sees only this.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["COLUMNS", "Feature", "FeatureTable", "Measurement", "Status"]


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


COLUMNS = ("recording", "level", "id", "feature", "value", "text", "unit", "status", "reason")
"""The columns of the tidy table, the same everywhere."""

_COLUMN_SET = frozenset(COLUMNS)
_TEXTS = itemgetter("feature", "text", "unit", "reason", "level", "id", "recording")
_BY_WORD = {status.value: status for status in Status}


@dataclass(frozen=True, slots=True)
class Feature:
    """The one declaration of a feature, beside the function that computes it.

    Parameters
    ----------
    name : str
        The field's standard term, in snake case.
    unit : str
        A unit of `mnephys.units`; ``"1"`` for counts, ratios and categories.
    levels : tuple of str
        The levels it is measured at.
    meaning : str
        One line.
    source : str
        DOI of the definition, or ``"mnephys"`` with the definition in the docstring.
    plausible : tuple of float
        A value outside is reported ``out_of_range`` and not used.
    parameters : mapping
        Every number that the definition depends on, with its default.
    version : int
        Counted up when the definition changes.

    Examples
    --------
    >>> rate = Feature("mean_firing_rate", "Hz", ("cell",), "APs per second", "mnephys", (0, 1000))
    >>> rate.measured(12.5).value
    12.5
    >>> rate.measured(-3.0).status
    <Status.OUT_OF_RANGE: 'out_of_range'>
    """

    name: str
    unit: str
    levels: tuple[str, ...]
    meaning: str
    source: str
    plausible: tuple[float, float] = (-math.inf, math.inf)
    parameters: Mapping[str, float | str] = field(default_factory=dict)
    version: int = 1

    def measured(self, value: float, *, level: str = "", id: str = "", remark: str = "") -> Measurement:  # noqa: A002 -- the column's name
        """Return the measurement of a number, ``out_of_range`` where it is not plausible.

        Parameters
        ----------
        value : float
            In the feature's unit.
        level, id : str
            Where it was measured; `level` defaults to the feature's first.
        remark : str
            Something a reader of the number should know.

        Returns
        -------
        Measurement
            With status ``ok``, ``out_of_range``, or ``failed`` for a number that is not finite.
        """
        level = level or self.levels[0]
        number = float(value)
        if not math.isfinite(number):
            return self.missing(Status.FAILED, "the computation gave no finite number", level=level, id=id)
        low, high = self.plausible
        if low <= number <= high:
            return Measurement(self.name, number, "", self.unit, Status.OK, remark, level, id)
        reason = f"{number:.6g} {self.unit} lies outside the plausible range {low:g} to {high:g}"
        return Measurement(self.name, number, "", self.unit, Status.OUT_OF_RANGE, reason, level, id)

    def category(self, text: str, *, level: str = "", id: str = "", remark: str = "") -> Measurement:  # noqa: A002 -- the column's name
        """Return the measurement of a category.

        Parameters
        ----------
        text : str
            The category.
        level, id, remark : str
            As in `measured`.

        Returns
        -------
        Measurement
            With status ``ok``.
        """
        return Measurement(self.name, None, text, self.unit, Status.OK, remark, level or self.levels[0], id)

    def missing(self, status: Status, reason: str, *, level: str = "", id: str = "") -> Measurement:  # noqa: A002 -- the column's name
        """Return the row that says why there is no number.

        Parameters
        ----------
        status : Status
            Any but ``ok``.
        reason : str
            A sentence.
        level, id : str
            As in `measured`.

        Returns
        -------
        Measurement
            Without value and text.
        """
        return Measurement(self.name, None, "", self.unit, status, reason, level or self.levels[0], id)


@dataclass(frozen=True, slots=True, repr=False)
class FeatureTable:
    """Measurements of one or more recordings, and their action potentials.

    Parameters
    ----------
    rows : tuple of Measurement
        In the order in which they were measured.
    spikes : mapping of str to ndarray, shape (n_spikes,)
        One row per action potential, in equal-length columns; may be empty.

    Examples
    --------
    >>> rate = Feature("mean_firing_rate", "Hz", ("cell",), "APs per second", "mnephys")
    >>> table = FeatureTable((rate.measured(12.5),))
    >>> table.get("mean_firing_rate").value
    12.5
    >>> FeatureTable.from_frame(table.to_frame()) == table
    True
    """

    rows: tuple[Measurement, ...] = ()
    spikes: Mapping[str, NDArray[Any]] = field(default_factory=dict, compare=False)

    def __iter__(self) -> Iterator[Measurement]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        measured = sum(row.ok for row in self.rows)
        n_spikes = len(next(iter(self.spikes.values()))) if self.spikes else 0
        return f"FeatureTable: {len(self.rows)} measurements ({measured} ok), {n_spikes} action potentials"

    def select(self, feature: str = "", *, level: str = "", recording: str | None = None) -> list[Measurement]:
        """Return the rows that match all that is given.

        Parameters
        ----------
        feature, level, recording : str
            Exact values; an empty name or level matches every one.

        Returns
        -------
        list of Measurement
            In table order.
        """
        return [
            row
            for row in self.rows
            if (not feature or row.feature == feature)
            and (not level or row.level == level)
            and (recording is None or row.recording == recording)
        ]

    def get(self, feature: str, *, level: str = "cell", id: str = "") -> Measurement | None:  # noqa: A002 -- the column's name
        """Return the first such row, or None where the table has none.

        Parameters
        ----------
        feature, level, id : str
            Exact values.

        Returns
        -------
        Measurement or None
            None means that nobody tried to measure it; a failed attempt is a row with a reason.
        """
        return next((r for r in self.rows if (r.feature, r.level, r.id) == (feature, level, id)), None)

    def named(self, recording: str) -> FeatureTable:
        """Return the same table with the recording's name in every row.

        Parameters
        ----------
        recording : str
            POSIX path below the inputs' common root.

        Returns
        -------
        FeatureTable
            Rows and, where there are any, spikes carry the name.
        """
        # Written out, because `dataclasses.replace` takes several times as long.
        rows = tuple(
            Measurement(r.feature, r.value, r.text, r.unit, r.status, r.reason, r.level, r.id, recording)
            for r in self.rows
        )
        if not self.spikes:
            return FeatureTable(rows)
        n = len(next(iter(self.spikes.values())))
        columns = {key: column for key, column in self.spikes.items() if key != "recording"}
        return FeatureTable(rows, {"recording": np.full(n, recording, dtype=object), **columns})

    @classmethod
    def concatenate(cls, tables: Iterable[FeatureTable]) -> FeatureTable:
        """Return one table with the rows and spikes of all.

        Parameters
        ----------
        tables : iterable of FeatureTable
            Spikes of tables that have any need the same columns.

        Returns
        -------
        FeatureTable
            Rows in the order given.

        Raises
        ------
        ValueError
            If the columns of two tables with spikes differ.
        """
        parts = list(tables)
        spiking = [part.spikes for part in parts if part.spikes]
        if others := {key for s in spiking for key in s.keys() ^ spiking[0].keys()}:
            raise ValueError(f"not all tables have the spike columns {', '.join(sorted(others))}")
        # Columns without a row have no say in what kind of numbers a column holds.
        filled = [s for s in spiking if len(next(iter(s.values())))] or spiking[:1]
        spikes = {key: np.concatenate([s[key] for s in filled]) for key in (spiking[0] if spiking else ())}
        return cls(tuple(row for part in parts for row in part.rows), spikes)

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as plain dictionaries with the keys of `COLUMNS`, as JSON wants them.

        Returns
        -------
        list of dict
            `value` is a float or None, the others are str.
        """
        return [
            {
                "recording": row.recording,
                "level": row.level,
                "id": row.id,
                "feature": row.feature,
                "value": row.value,
                "text": row.text,
                "unit": row.unit,
                "status": row.status.value,
                "reason": row.reason,
            }
            for row in self.rows
        ]

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, Any]]) -> FeatureTable:
        """Return the table of rows that `records` wrote.

        Parameters
        ----------
        records : iterable of mapping
            With the keys of `COLUMNS`; a value that is NaN counts as none.

        Returns
        -------
        FeatureTable
            Without spikes.

        Raises
        ------
        ValueError
            If a key is missing or a status is unknown.
        """
        rows = []
        for record in records:
            if not record.keys() >= _COLUMN_SET:
                raise ValueError(f"a row of the table lacks {', '.join(c for c in COLUMNS if c not in record)}")
            number = record["value"]
            value = None if number is None or math.isnan(float(number)) else float(number)
            status = _BY_WORD.get(record["status"]) or Status(record["status"])
            feature, text, unit, reason, level, where, recording = map(str, _TEXTS(record))
            rows.append(Measurement(feature, value, text, unit, status, reason, level, where, recording))
        return cls(tuple(rows))

    def to_frame(self) -> Any:
        """Return the tidy table.

        Returns
        -------
        pandas.DataFrame
            Columns as in `COLUMNS`; `value` is float with NaN beside every text and every status other than
            ``ok`` and ``out_of_range``, all other columns are str.
        """
        import pandas as pd

        frame = pd.DataFrame(self.records(), columns=list(COLUMNS))
        return frame.astype({"value": float})

    @classmethod
    def from_frame(cls, frame: Any) -> FeatureTable:
        """Return the table of a frame that `to_frame` made, or that was read back from CSV.

        Parameters
        ----------
        frame : pandas.DataFrame
            With the columns of `COLUMNS`; empty cells may be NaN.

        Returns
        -------
        FeatureTable
            Without spikes.

        Raises
        ------
        ValueError
            If a column is missing or a status is unknown.
        """
        text = [c for c in COLUMNS if c != "value" and c in frame]
        # A column of empty cells comes back from CSV as float NaN.
        filled = frame.assign(**{c: frame[c].astype(object).where(frame[c].notna(), "") for c in text})
        return cls.from_records(filled.to_dict("records"))

    def spikes_frame(self) -> Any:
        """Return the action potentials as a wide table.

        Returns
        -------
        pandas.DataFrame
            One row per action potential.
        """
        import pandas as pd

        return pd.DataFrame(dict(self.spikes))
