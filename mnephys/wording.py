"""Text that others wrote, as a message may show it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["joined", "nearest", "one_line"]

_LONGEST = 60


def one_line(text: str) -> str:
    """Return text on one line, so that what a file or a label says cannot forge a second one.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Control characters and runs of white space are single spaces.

    Examples
    --------
    >>> one_line("cell" + chr(27) + "[31m 7" + chr(10))
    'cell [31m 7'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the advice that names the known word most like another.

    Parameters
    ----------
    word : str
        What was written.
    known : iterable of str
        What could have been meant.

    Returns
    -------
    str
        The nearest word, or all of them where none is near.

    Examples
    --------
    >>> nearest("matur", ["immature", "mature"])
    "the nearest is 'mature'"
    """
    words = sorted(known)
    # Text from a file may be long; what is near to a known word is not.
    found = difflib.get_close_matches(word[:_LONGEST], words, n=1)
    return f"the nearest is {found[0]!r}" if found else f"known are {', '.join(words) or 'none'}"


def joined(words: Iterable[str]) -> str:
    """Return words as a sentence lists them.

    Parameters
    ----------
    words : iterable of str
        In order.

    Returns
    -------
    str
        With commas, and with "and" before the last.

    Examples
    --------
    >>> joined(["rate"]), joined(["rate", "bursts", "synchrony"])
    ('rate', 'rate, bursts and synchrony')
    """
    *others, last = list(words) or [""]
    return " and ".join(part for part in (", ".join(others), last) if part)
