"""What is remarked on measurements of many wells, told once: reasons that differ in their numbers alone are one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mnephys.plot import labels

__all__ = ["Notes", "absent", "shared"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_LIKEWISE = "; in other wells likewise, with other numbers"

Record = Mapping[str, Any]


class Notes:
    """Reasons behind values of a table: each kind gets a letter and is told once below it.

    Examples
    --------
    >>> notes = Notes()
    >>> [notes.letter(reason) for reason in ("no burst", "2 of 8 burst", "3 of 8 burst", "")]
    ['a', 'b', 'b', '']
    >>> [note["words"] for note in notes.told()]
    ['no burst', '2 of 8 burst; in other wells likewise, with other numbers']
    """

    def __init__(self) -> None:
        self._found: dict[str, dict[str, None]] = {}

    def letter(self, *reasons: str) -> str:
        """Return the letter of a kind of reasons, and remember them.

        Parameters
        ----------
        *reasons : str
            Of one kind.

        Returns
        -------
        str
            Empty where there is no reason.
        """
        told = dict.fromkeys(filter(None, reasons))
        if not told:
            return ""
        kind = _kind(next(iter(told)))
        self._found.setdefault(kind, {}).update(told)
        n = list(self._found).index(kind)
        more = _LETTERS[n // len(_LETTERS) - 1] if n >= len(_LETTERS) else ""
        return more + _LETTERS[n % len(_LETTERS)]

    def told(self) -> list[dict[str, str]]:
        """Return all reasons.

        Returns
        -------
        list of dict
            `letter` and `words`.
        """
        return [{"letter": self.letter(next(iter(told))), "words": _first(told)} for told in self._found.values()]


def shared(reasons: Iterable[str]) -> list[str]:
    """Return the reasons behind some values if they are of one kind.

    Parameters
    ----------
    reasons : iterable of str
        Of each value; empty where it has none.

    Returns
    -------
    list of str
        Each once; empty where they are of several kinds, or where some have none.

    Examples
    --------
    >>> shared(["over 120 s", "over 118 s", "over 120 s"]), shared(["over 120 s", ""])
    (['over 120 s', 'over 118 s'], [])
    """
    found = list(dict.fromkeys(reasons))
    return found if all(found) and len({_kind(reason) for reason in found}) == 1 else []


def absent(criteria: Iterable[Record], names: Mapping[str, str]) -> list[str]:
    """Return the criteria that no well has, with the reasons.

    Parameters
    ----------
    criteria : iterable of mapping
        Of all wells.
    names : mapping of str to str
        The features that are looked for, in words.

    Returns
    -------
    list of str
        One for each feature that is among the criteria.

    Examples
    --------
    >>> absent([{"feature": "sttc", "reason": "1 active electrode"}], {"sttc": "STTC"})
    ['STTC (1 active electrode)']
    """
    found: dict[str, dict[str, dict[str, None]]] = {}
    for row in criteria:
        if (name := str(row.get("feature") or "")) in names:
            reason = labels.prose(row.get("reason") or "")
            found.setdefault(name, {}).setdefault(_kind(reason), {})[reason] = None
    return [
        f"{names[name]} ({' / '.join(filter(None, map(_first, kinds.values()))) or 'no reason was recorded'})"
        for name, kinds in found.items()
    ]


def _kind(reason: str) -> str:
    return _NUMBER.sub("0", reason)


def _first(reasons: Iterable[str]) -> str:
    first, *others = reasons
    return first + _LIKEWISE if others else first
