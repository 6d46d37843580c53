"""How text that others wrote is shown: on one line, shortened, in the order people expect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mnephys.errors import SampleSheetError
from mnephys.wording import joined, one_line

__all__ = ["listed", "natural_key", "sheet_error", "shown"]

_LONGEST = 60
_MOST = 3
_DIGITS = re.compile("([0-9]+)")


def shown(value: str | float) -> str:
    """Return a value as a message shows it: text quoted and shortened, truth values as yes and no.

    Parameters
    ----------
    value : str, float or bool
        From a sheet or a name.

    Returns
    -------
    str
        On one line.

    Examples
    --------
    >>> shown("c 1"), shown(14.0), shown(True)
    ("'c 1'", '14', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST else f"{value[: _LONGEST - 3]}...")
    return repr(value).removesuffix(".0")


def listed(items: Sequence[str]) -> str:
    """Return the first items, quoted, and how many more there are.

    Parameters
    ----------
    items : sequence of str
        At least one.

    Returns
    -------
    str
        For a message.

    Examples
    --------
    >>> listed(["a", "b"]), listed(["a", "b", "c", "d", "e"])
    ("'a' and 'b'", "'a', 'b', 'c' and 2 others")
    """
    words = [shown(item) for item in items[:_MOST]]
    if more := len(items) - len(words):
        words.append(f"{more} other{'s' * (more != 1)}")
    return joined(words)


def natural_key(text: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Return the key that sorts numbers inside text by their size.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    tuple
        For `sorted`; equal only for equal text.

    Examples
    --------
    >>> sorted(["c10", "C2", "c1"], key=natural_key)
    ['c1', 'C2', 'c10']
    """
    parts: Iterable[str] = _DIGITS.split(text.casefold())
    # Digits compare by length, then as text: numbers of any length, without converting them.
    bare = ((part, part.lstrip("0")) for part in parts)
    return tuple((0, len(b), b) if _DIGITS.fullmatch(part) else (1, 0, part) for part, b in bare), text


def sheet_error(file: str, problem: str, advice: str, *, row: int = 0, column: str = "") -> SampleSheetError:
    """Return the one-line error for a place in a sample sheet.

    Parameters
    ----------
    file : str
        The sheet, as the user named it.
    problem, advice : str
        What is wrong and what to do about it.
    row : int, optional
        As a spreadsheet counts, from 1.
    column : str, optional
        As the sheet names it.

    Returns
    -------
    SampleSheetError
        To be raised.

    Examples
    --------
    >>> print(sheet_error("s.csv", "is 'x'", "write 12.5", row=3, column="div"))
    s.csv: row 3, column div: is 'x'; write 12.5
    """
    place = ", ".join([f"row {row}"] * (row > 0) + [f"column {column}"] * (column != ""))
    return SampleSheetError(one_line(f"{file}: {place}{': ' if place else ''}{problem}; {advice}"))
