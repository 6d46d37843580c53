"""Which recordings the rows of a sample sheet are about, and which row wins."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mnephys.errors import SampleSheetError
from mnephys.samples.rows import Row
from mnephys.samples.sample import Value, well_key
from mnephys.samples.text import sheet_error, shown

__all__ = ["Rule", "file_name", "make_rules", "one_form", "settle"]

_WILDCARD = re.compile(r"\*|\?|\[!?\]?[^\]]*\]")


def one_form(text: str) -> str:
    """Return the composed form, since file systems differ in how they store an accented letter.

    Parameters
    ----------
    text : str
        A name or a pattern.

    Returns
    -------
    str
        In Unicode's normalisation form C.

    Examples
    --------
    >>> one_form("e" + chr(0x301)) == chr(0xE9)
    True
    """
    return unicodedata.normalize("NFC", text)


def file_name(name: str) -> str:
    """Return the last part of a POSIX path.

    Parameters
    ----------
    name : str
        POSIX path.

    Returns
    -------
    str
        What follows the last ``/``.

    Examples
    --------
    >>> file_name("day14/c1.abf")
    'c1.abf'
    """
    return name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Rule:
    """The rows that share one pattern.

    Parameters
    ----------
    pattern : str
        Name or glob.
    rows : tuple of Row
        In sheet order.
    is_plate_map : bool
        Whether they describe several wells, so that each is about its own well only.
    expression : re.Pattern, optional
        Of a glob.
    literal : int
        Characters of a glob that stand for themselves.
    """

    pattern: str
    rows: tuple[Row, ...]
    is_plate_map: bool
    expression: re.Pattern[str] | None
    literal: int

    def rank(self, name: str) -> tuple[int, int] | None:
        """Return how specific the rule is for a recording.

        Parameters
        ----------
        name : str
            POSIX path of the recording, in the form of `one_form`.

        Returns
        -------
        tuple of int, or None
            A larger one wins; None where it is not about this recording.
        """
        if self.pattern == name:
            return 2, 0
        last = file_name(name)
        if self.pattern == last:
            return 1, 0
        return (0, self.literal) if self.is_glob_of(name, last) else None

    def is_glob_of(self, name: str, last: str) -> bool:
        """Return whether the rule is a glob that matches.

        Parameters
        ----------
        name : str
            POSIX path of the recording, in the form of `one_form`.
        last : str
            Its file name, which a caller with many rules takes apart once.

        Returns
        -------
        bool
            False for a plain name too.
        """
        target = name if "/" in self.pattern else last
        return self.expression is not None and self.expression.match(target) is not None


def make_rules(rows: Iterable[Row], file: str) -> dict[str, Rule]:
    """Return the rules of a sheet by their pattern.

    Parameters
    ----------
    rows : iterable of Row
        All of them.
    file : str
        As the user named it, for messages.

    Returns
    -------
    dict of str to Rule
        In sheet order.

    Raises
    ------
    SampleSheetError
        If two rows about the same contradict each other.
    """
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(one_form(row.pattern), []).append(row)
    return {pattern: _rule(pattern, tuple(group), file) for pattern, group in found.items()}


def _rule(pattern: str, rows: tuple[Row, ...], file: str) -> Rule:
    by_well: dict[str, list[Row]] = {}
    for row in rows:
        by_well.setdefault(row.well, []).append(row)
    for group in by_well.values():
        if clash := _clash(group):
            raise _contradiction(file, *clash, f"for {shown(pattern)}", "keep one of them")
    by_well.pop("", None)
    # A single well beside rows about the whole is a plate map too where its facts differ from theirs.
    is_map = len(by_well) > 1 or (len(by_well) == 1 and _clash(list(rows)) is not None)
    literal = len(_WILDCARD.sub("", pattern))
    is_glob = _WILDCARD.search(pattern) is not None
    expression = re.compile(fnmatch.translate(pattern)) if is_glob else None
    return Rule(pattern, rows, is_map, expression, literal)


def _clash(rows: Sequence[Row]) -> tuple[str, Row, Row] | None:
    """Return the first field that two rows state differently, and those rows."""
    first: dict[str, Row] = {}
    for row in rows:
        for field, value in row.facts.items():
            other = first.setdefault(field, row)
            if not _same(field, other.facts[field], value):
                return field, other, row
    return None


def _same(field: str, one: Value, other: Value) -> bool:
    return one == other or (field == "well" and well_key(str(one)) == well_key(str(other)))


def settle(
    ranked: Sequence[tuple[tuple[int, ...], Row]], fields: Iterable[str], file: str, name: str
) -> dict[str, Value]:
    """Return what the rows state about one recording, the most specific row winning per field.

    Parameters
    ----------
    ranked : sequence of (tuple of int, Row)
        Rows about it; a larger first element wins.
    fields : iterable of str
        Fields wanted.
    file : str
        As the user named the sheet, for messages.
    name : str
        The recording, for messages.

    Returns
    -------
    dict of str to str, float or bool
        Only what is stated.

    Raises
    ------
    SampleSheetError
        If equally specific rows state a field differently.
    """
    facts: dict[str, Value] = {}
    stated = {field for _, row in ranked for field in row.facts}
    for field in (field for field in fields if field in stated):
        stating = [(rank, row) for rank, row in ranked if field in row.facts]
        best = max(rank for rank, _ in stating)
        winners = [row for rank, row in stating if rank == best]
        for row in winners:
            value = facts.setdefault(field, row.facts[field])
            if not _same(field, value, row.facts[field]):
                advice = "write a row for this recording alone"
                raise _contradiction(file, field, winners[0], row, f"and both match {shown(name)}", advice)
    return facts


def _contradiction(file: str, field: str, first: Row, second: Row, tail: str, advice: str) -> SampleSheetError:
    problem = f"{shown(second.facts[field])} contradicts {shown(first.facts[field])} in row {first.number} {tail}"
    return sheet_error(file, problem, advice, row=second.number, column=field)
