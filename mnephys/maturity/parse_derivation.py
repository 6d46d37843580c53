"""Reading the file of derivation protocols: every value has to say how it is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import TypeVar

from mnephys.maturity.derivation import DayZero, Derivation, Derivations, Known, Reached, Said, Shown
from mnephys.maturity.parse_scale import parse_toml, rubric_bytes
from mnephys.maturity.section import Section
from mnephys.wording import nearest, one_line

__all__ = ["load_derivations", "parse_derivations"]

_BUILT_IN = "derivation.toml"
_REVIEW_YEAR = 2014
_PUBLISHED = ("before the review", "after the review")
_SAID = ("reference", "doi", "species", "cells", "route", "purity", "markers")
_REACHED = ("motor_neurons", "function")
_KEYS = ("name", "year", "published", *_SAID, *_REACHED, "evidence", "note")
_TOP = ("title", "version", "statement", "review", "ladder", "protocols")
_KEY = re.compile(r"[a-z]+[0-9]{4}")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_LONGEST_DAY = 1000

Word = TypeVar("Word", bound=StrEnum)


def load_derivations(path: Path | str | None = None) -> Derivations:
    """Read and check the derivation protocols.

    Parameters
    ----------
    path : Path or str, optional
        A TOML file; the list that comes with the package if omitted.

    Returns
    -------
    Derivations
        Valid, with the hash of its file.

    Raises
    ------
    RubricError
        If the file cannot be read or is not valid: one line, with file, place and what to do.

    Examples
    --------
    >>> protocol = load_derivations().protocols["du2015"]
    >>> protocol.name, protocol.function.day, str(protocol.function.zero), str(protocol.function.known)
    ('Du et al. 2015', 28.0, 'differentiation', 'seen')
    """
    if path is not None:
        return parse_derivations(*rubric_bytes(path, _BUILT_IN))
    built_in = resources.files("mnephys.maturity") / "protocols" / _BUILT_IN
    return parse_derivations(built_in.read_bytes(), _BUILT_IN)


def parse_derivations(data: bytes, file: str = "protocols") -> Derivations:
    """Check the bytes of a file of derivation protocols.

    Parameters
    ----------
    data : bytes
        TOML in UTF-8.
    file : str
        What messages call it.

    Returns
    -------
    Derivations
        Valid.

    Raises
    ------
    RubricError
        If it is not: one line, with file, place and what to do.

    Examples
    --------
    >>> parse_derivations(b"protocol = {}", "mine.toml")
    Traceback (most recent call last):
    mnephys.errors.RubricError: mine.toml: line 1: unknown key 'protocol'; the nearest is 'protocols'
    """
    content, sha256 = parse_toml(data, file)
    top = Section(content.data, file, "", _TOP, content.spot)
    steps = top.below("ladder")
    ladder = {rung: one_line(steps.text(rung)) for rung in steps.data}
    section = top.below("protocols")
    found = {key: _protocol(section, key, ladder) for key in section.data}
    if not found:
        raise top.error("there are no protocols", "add [protocols.name2015]")
    return Derivations(
        title=one_line(top.text("title")),
        version=one_line(top.text("version")),
        statement=one_line(top.text("statement")),
        review=_link(top, "review", top.text("review")),
        ladder=ladder,
        protocols=found,
        sha256=sha256,
    )


def _protocol(above: Section, key: str, ladder: Mapping[str, str]) -> Derivation:
    if not _KEY.fullmatch(key):
        raise above.error(f"key {key!r} is no name and year", "write it like du2015")
    section = above.below(key, _KEYS)
    said = {name: _said(section, name) for name in _SAID}
    if said["doi"].value:
        _link(section, "doi", said["doi"].value)
    return Derivation(
        key=key,
        name=one_line(section.text("name")),
        year=_year(section, key),
        published=_published(section),
        **said,
        motor_neurons=_reached(section, "motor_neurons"),
        function=_reached(section, "function"),
        evidence=_evidence(section, ladder),
        note=one_line(section.text("note", "")),
    )


def _year(section: Section, key: str) -> int:
    year = section.required("year")
    if year != int(key[-4:]):
        raise section.error(f"year is {year:g}", f"its key says {key[-4:]}; make them the same")
    return int(year)


def _published(section: Section) -> str:
    published, year = _one_of(section, "published", section.text("published"), _PUBLISHED), section.required("year")
    if (year < _REVIEW_YEAR and published != _PUBLISHED[0]) or (year > _REVIEW_YEAR and published != _PUBLISHED[1]):
        raise section.error(f"published is {published!r} in {year:g}", f"the review is of {_REVIEW_YEAR}; correct one")
    return published


def _said(above: Section, name: str) -> Said:
    section = _present(above, name, ("value", "known", "in", "what"))
    known = _known(section)
    value = one_line(section.text("value", ""))
    if bool(value) is (known is Known.NOT_FOUND):
        raise section.error(f"value is {value!r}, known {str(known)!r}", "give a value, or known = 'not found'")
    return Said(value, known, one_line(section.text("in", "")), one_line(section.text("what", "")))


def _reached(above: Section, name: str) -> Reached:
    section = _present(above, name, ("day", "from", "words", "known", "in"))
    known, day, words = _known(section), section.number("day"), one_line(section.text("words", ""))
    if day is not None and not 0 <= day <= _LONGEST_DAY:
        raise section.error(f"day is {day:g}", f"it needs to be 0 to {_LONGEST_DAY}")
    if (day is not None or bool(words)) is (known is Known.NOT_FOUND):
        raise section.error(f"known is {str(known)!r}", "give day or words, or known = 'not found'")
    zero = _word(section, "from", section.text("from", "" if day is None else None) or "not said", DayZero)
    return Reached(day, zero, words, known, one_line(section.text("in", "")))


def _evidence(above: Section, ladder: Mapping[str, str]) -> tuple[Shown, ...]:
    found: list[Shown] = []
    rungs = list(ladder)
    for section in above.each("evidence", ("rung", "what", "known", "in"), "rung"):
        rung, known = _one_of(section, "rung", section.text("rung"), rungs), _known(section)
        if known is Known.NOT_FOUND:
            raise section.error("known is 'not found'", "leave out what was not found")
        if found and rungs.index(rung) <= rungs.index(found[-1].rung):
            raise section.error(f"rung {rung} stands below {found[-1].rung}", "give each once, in the ladder's order")
        found.append(Shown(rung, known, one_line(section.text("in", "")), one_line(section.text("what", ""))))
    return tuple(found)


def _known(section: Section) -> Known:
    """Return how something is known; whatever was read names where, and nothing else does."""
    known = _word(section, "known", section.text("known"), Known)
    if known.judges is not bool(section.text("in", "").strip()):
        advice = "say in which part of the source" if known.judges else "leave it out, as it was not read there"
        raise section.error(f"known is {str(known)!r} and in is {'missing' if known.judges else 'given'}", advice)
    return known


def _present(above: Section, name: str, keys: Iterable[str]) -> Section:
    if name not in above:
        raise above.error(f"{name} is missing", f"write {name} = {{ known = 'not found' }} if it was not found")
    return above.below(name, keys)


def _word(section: Section, key: str, text: str, kind: type[Word]) -> Word:
    return kind(_one_of(section, key, text, [word.value for word in kind]))


def _one_of(section: Section, key: str, text: str, words: Iterable[str]) -> str:
    known = list(words)
    if text not in known:
        raise section.error(f"{key} is {text!r}", nearest(text, known))
    return text


def _link(section: Section, key: str, text: str) -> str:
    if not _DOI.fullmatch(text):
        raise section.error(f"{key} is {text!r}, which is no DOI", "write 10.xxxx/...")
    return text
