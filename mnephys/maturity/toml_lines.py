"""On which line of a TOML file a key stands: the parser of the standard library does not say.

It is read beside that parser, of files that are valid, only to word a message better. Where it does not find a key it
names the table, and where not even that, no line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["Spot", "lines_of_keys"]

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"\\]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"\\]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"\\]*"|'[^']*'""")
_TOKEN = re.compile(r'"{3}|\'{3}|"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*|[^"\'#]+')
_CLOSING = {'"""': re.compile(r'(?:[^\\]|\\.)*?"{3}'), "'''": re.compile(r".*?'{3}")}
_WORD = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a table stands in a file.

    Parameters
    ----------
    lines : mapping of tuple to int
        From `lines_of_keys`.
    path : tuple of str or int
        Keys from the top of the file; the place in a list of tables, from 0, counts as one.

    Examples
    --------
    >>> spot = Spot(lines_of_keys("[ap]" + chr(10) + "weight = 1"))
    >>> spot.below("ap").line("weight is 1")
    2
    """

    lines: Mapping[Path, int] = field(default_factory=dict)
    path: Path = ()

    def below(self, *keys: str | int) -> Spot:
        """Return where something below this stands.

        Parameters
        ----------
        *keys : str or int
            How to get there.

        Returns
        -------
        Spot
            Of the same file.
        """
        return Spot(self.lines, (*self.path, *keys))

    def line(self, problem: str) -> int | None:
        """Return the line of the first key of this table that a message names, else that of the table.

        Parameters
        ----------
        problem : str
            The message.

        Returns
        -------
        int or None
            From 1; None where no line is known.
        """
        for word in _WORD.findall(problem):
            if (*self.path, word) in self.lines:
                return self.lines[*self.path, word]
        # What an inline table holds stands where the table does.
        known = (self.lines.get(self.path[:length]) for length in range(len(self.path), 0, -1))
        return next((line for line in known if line is not None), None)


def lines_of_keys(text: str) -> dict[Path, int]:
    """Return on which line each key of a TOML file stands, and where each table begins.

    Parameters
    ----------
    text : str
        Valid TOML.

    Returns
    -------
    dict of tuple to int
        Line, from 1, by path from the top; of a table the first line that mentions it.

    Examples
    --------
    >>> lines = lines_of_keys("a = 1" + chr(10) + "[[b]]" + chr(10) + "c.d = [" + chr(10) + "1]")
    >>> lines[("a",)], lines[("b", 0)], lines[("b", 0, "c", "d")]
    (1, 2, 3)
    """
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in _first_lines(text):
        if (header := _HEADER.match(line)) is not None:
            table = _resolved(_parts(header[2]), counts, begins=header[1] == "[[")
            path = table
        elif (key := _KEY.match(line)) is not None:
            path = (*table, *_parts(key[1]))
        else:
            continue
        for length in range(1, len(path) + 1):
            found.setdefault(path[:length], number)
    return found


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _resolved(parts: Path, counts: dict[Path, int], *, begins: bool) -> Path:
    """Return the path of a table with the places of the lists of tables that it goes through."""
    path: Path = ()
    for place, part in enumerate(parts):
        path = (*path, part)
        if begins and place == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _first_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines on which something begins: none from inside a text or a list of several lines."""
    quote, depth = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if not quote and not depth:
            yield number, line
            if _HEADER.match(line):
                continue
        quote, plain = _outside(line, quote)
        depth = max(0, depth + sum(map(plain.count, "[{")) - sum(map(plain.count, "]}")))


def _outside(line: str, quote: str) -> tuple[str, str]:
    """Return the quotes of the text that goes on below a line, and what of the line stands in no text."""
    plain, place = "", 0
    while place < len(line):
        if quote:
            closed = _CLOSING[quote].match(line, place)
            if closed is None:
                return quote, plain
            quote, place = "", closed.end()
            continue
        token = _TOKEN.match(line, place)
        if token is None:  # A quote without its partner, as no valid file has it.
            return "", plain
        quote = token[0] if token[0] in _CLOSING else ""
        plain += "" if token[0][0] in "\"'#" else token[0]
        place = token.end()
    return quote, plain
