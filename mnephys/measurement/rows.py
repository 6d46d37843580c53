"""Measurements by the thousand: kept as columns, and made into objects where somebody asks for one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain
from operator import attrgetter
from typing import Any, overload

from mnephys.measurement.measured import Measurement, Status

__all__ = ["COLUMNS", "Rows"]

COLUMNS = ("recording", "level", "id", "feature", "value", "text", "unit", "status", "reason")
"""The columns of the tidy table, the same everywhere."""

_COLUMN_SET = frozenset(COLUMNS)
_PARTS = tuple(part.name for part in fields(Measurement))
_TEXTS = _COLUMN_SET - {"value", "status"}
_ALL_PARTS = attrgetter(*_PARTS)
_BY_WORD = {status.value: status for status in Status}


@dataclass(frozen=True, slots=True, repr=False)
class Rows(Sequence[Measurement]):
    """Measurements in their order, one tuple for each of their parts.

    A plate has ten thousand of them, which differ in little; what is said of the parts stands at `Measurement`. What
    was not made from measurements goes through `checked`.

    Parameters
    ----------
    feature, value, text, unit, status, reason, level, id, recording : tuple, length n
        That part of each measurement.

    Examples
    --------
    >>> rows = Rows.of([Measurement("rheobase", 40.0, "", "pA"), Measurement("firing_type", None, "tonic", "1")])
    >>> len(rows), rows.value, rows[1].text
    (2, (40.0, None), 'tonic')
    """

    feature: tuple[str, ...] = ()
    value: tuple[float | None, ...] = ()
    text: tuple[str, ...] = ()
    unit: tuple[str, ...] = ()
    status: tuple[Status, ...] = ()
    reason: tuple[str, ...] = ()
    level: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    recording: tuple[str, ...] = ()

    @classmethod
    def of(cls, measurements: Iterable[Measurement]) -> Rows:
        """Return measurements as rows.

        Parameters
        ----------
        measurements : iterable of Measurement
            Rows come back as they are.

        Returns
        -------
        Rows
            In the order given.
        """
        if isinstance(measurements, Rows):
            return measurements
        return cls(*zip(*map(_ALL_PARTS, measurements), strict=True))

    @classmethod
    def checked(cls, *columns: tuple[Any, ...]) -> Rows:
        """Return rows of columns from anywhere else than measurements.

        Parameters
        ----------
        *columns : tuple
            In the order of the parameters.

        Returns
        -------
        Rows
            That hold nothing which `Measurement` would refuse.

        Raises
        ------
        ValueError
            As `Measurement` does; if the columns differ in length.

        Examples
        --------
        >>> Rows.checked(("x",), (None,), ("",), ("mV",), (Status.FAILED,), ("",), ("cell",), ("",), ("",))
        Traceback (most recent call last):
        ValueError: x: status failed needs a reason
        """
        rows = cls(*columns)
        if len(set(map(len, rows.columns))) > 1:
            raise ValueError("the columns of a table need one length")
        finite = [None if value is None else math.isfinite(value) for value in rows.value]
        kinds = zip(rows.status, finite, map(bool, rows.text), map(bool, rows.reason), strict=True)
        # Whether a row can be depends on nothing else: of those that are alike in it, one is made.
        for one in dict(zip(kinds, range(len(rows)), strict=True)).values():
            rows[one]
        return rows

    @classmethod
    def joined(cls, parts: Iterable[Rows]) -> Rows:
        """Return the rows of all parts.

        Parameters
        ----------
        parts : iterable of Rows
            Any number.

        Returns
        -------
        Rows
            In the order given.
        """
        columns = [tuple(chain.from_iterable(same)) for same in zip(*(part.columns for part in parts), strict=True)]
        return cls(*columns)

    @property
    def columns(self) -> tuple[tuple[Any, ...], ...]:
        """The columns, in the order of the parameters."""
        parts: tuple[tuple[Any, ...], ...] = _ALL_PARTS(self)
        return parts

    def __len__(self) -> int:
        return len(self.feature)

    def __iter__(self) -> Iterator[Measurement]:
        return map(Measurement, *self.columns)

    @overload
    def __getitem__(self, index: int) -> Measurement: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> Measurement | Rows:
        if isinstance(index, slice):
            return Rows(*(column[index] for column in self.columns))
        parts: list[Any] = [column[index] for column in self.columns]
        return Measurement(*parts)

    def __repr__(self) -> str:
        return f"Rows({list(self)})"

    def named(self, recording: str) -> Rows:
        """Return the same rows of a recording.

        Parameters
        ----------
        recording : str
            Its name.

        Returns
        -------
        Rows
            With the name in each.
        """
        return replace(self, recording=(recording,) * len(self))

    def by_name(self) -> Iterator[tuple[Any, ...]]:
        """Return the rows as plain values.

        Returns
        -------
        iterator of tuple
            One for each row, in the order of `COLUMNS`; a status is its word.
        """
        words = [str(status) for status in self.status]
        texts = (self.recording, self.level, self.id, self.feature)
        return zip(*texts, self.value, self.text, self.unit, words, self.reason, strict=True)

    def to_json(self) -> str:
        """Return the rows as a JSON list of objects with the keys of `COLUMNS`.

        Returns
        -------
        str
            The same as of `records`, in a fraction of the time: what rows have in common is written once.

        Examples
        --------
        >>> Rows.of([Measurement("rheobase", 40.0, "", "pA")]).to_json()[:48]
        '[{"recording": "", "level": "cell", "id": "", "f'
        """
        if not len(self):
            return "[]"
        columns = [self._value_json() if name == "value" else _text_json(name, getattr(self, name)) for name in COLUMNS]
        return "[{" + "}, {".join(map(", ".join, zip(*columns, strict=True))) + "}]"

    def _value_json(self) -> Iterable[str]:
        numbers = json.dumps(self.value)[1:-1].split(", ")
        return [f'"value": {number}' for number in numbers]

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as plain dictionaries with the keys of `COLUMNS`, as JSON wants them.

        Returns
        -------
        list of dict
            `value` is a float or None, the others are str.
        """
        return [dict(zip(COLUMNS, row, strict=True)) for row in self.by_name()]

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, Any]]) -> Rows:
        """Return the rows that `records` wrote.

        Parameters
        ----------
        records : iterable of mapping
            With the keys of `COLUMNS`; a value that is NaN counts as none.

        Returns
        -------
        Rows
            In the order given.

        Raises
        ------
        ValueError
            If a key is missing, a status is unknown, or a row is one that `Measurement` refuses.
        """
        kept = list(records)
        for record in kept:
            if not record.keys() >= _COLUMN_SET:
                raise ValueError(f"a row of the table lacks {', '.join(c for c in COLUMNS if c not in record)}")
        columns: dict[str, tuple[Any, ...]] = {
            name: tuple([str(record[name]) for record in kept]) for name in _COLUMN_SET - {"value", "status"}
        }
        columns["value"] = tuple([_number(record["value"]) for record in kept])
        columns["status"] = tuple([_BY_WORD.get(record["status"]) or Status(record["status"]) for record in kept])
        return cls.checked(*(columns[name] for name in _PARTS))


def _text_json(name: str, texts: Sequence[str]) -> Iterable[str]:
    written = {text: f'"{name}": {json.dumps(text)}' for text in set(texts)}
    return map(written.__getitem__, texts)


def _number(value: Any) -> float | None:
    number = math.nan if value is None else float(value)
    return None if math.isnan(number) else number
