"""What is known of each recording, from the sheet and from its name, and where they disagree."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mnephys.samples.names import compile_pattern, read_name
from mnephys.samples.sample import FACTS, Sample, Value, known, well_key
from mnephys.samples.sheet import SampleSheet
from mnephys.samples.text import listed, natural_key, shown
from mnephys.wording import one_line

__all__ = ["Subject", "contradictions", "disagreements", "known_samples"]


@dataclass(frozen=True, slots=True)
class Subject:
    """A cell, or a well of a plate, and its recordings.

    Parameters
    ----------
    id : str
        Unlike that of any other subject of the same run.
    level : str
        ``"cell"`` or ``"well"``.
    names : tuple of str
        POSIX paths of its recordings below the inputs' common root: of a cell sorted, of a well in order of time.
    samples : tuple of Sample
        What is known about each, in the same order.
    plate : str
        Of a well, the name of its plate, or of the recording where nobody states one; empty for a cell.

    Examples
    --------
    >>> Subject("c1", "cell", ("c1.abf",), (Sample("c1.abf", cell="c1"),)).names
    ('c1.abf',)
    """

    id: str
    level: str
    names: tuple[str, ...]
    samples: tuple[Sample, ...]
    plate: str = ""


def known_samples(
    names: Sequence[str], sheet: SampleSheet | None = None, name_pattern: str | None = None
) -> tuple[dict[str, Sample], list[str]]:
    r"""Return what is known of each recording as a whole.

    Parameters
    ----------
    names : sequence of str
        POSIX paths of the recordings below the inputs' common root; repeated ones count once.
    sheet : SampleSheet, optional
        What was done to them.
    name_pattern : str, optional
        Regular expression for `parse_names`; it fills in what the sheet does not state.

    Returns
    -------
    samples : dict of str to Sample
        By name, in natural order.
    problems : list of str
        One sentence each: rows that match nothing, sheet and name that disagree.

    Raises
    ------
    SampleSheetError
        If the pattern is not valid, a name cannot be read by it, or equally specific rows of the
        sheet contradict each other.

    Examples
    --------
    >>> known_samples(["P1_DIV14.csv"], None, r"(?P<plate>P\d+)_DIV(?P<div>\d+)")[0]["P1_DIV14.csv"].facts()
    {'plate': 'P1', 'div': 14.0}
    """
    ordered = sorted(set(names), key=natural_key)
    problems = [] if sheet is None else sheet.problems(ordered)
    samples = [Sample(name) if sheet is None else sheet.sample(name) for name in ordered]
    if name_pattern is not None:
        samples, notes = _with_names(samples, sheet, compile_pattern(name_pattern))
        problems += notes
    return {sample.recording: sample for sample in samples}, problems


def _with_names(
    samples: Sequence[Sample], sheet: SampleSheet | None, expression: re.Pattern[str]
) -> tuple[list[Sample], list[str]]:
    """Fill in from the names what the sheet does not state, and say where they disagree."""
    filled: list[Sample] = []
    problems: list[str] = []
    unmatched: list[str] = []
    for sample in samples:
        named = read_name(expression, sample.recording)
        if not named:
            unmatched.append(sample.recording)
        stated = sample
        if sheet is not None and "well" in named and not sample.well:
            # The name says which row of a plate map is meant.
            stated = sheet.sample(sample.recording, well=str(named["well"]))
        facts = stated.facts()
        problems += disagreements(sample.recording, facts, named)
        unknown: Mapping[str, Any] = {field: value for field, value in named.items() if field not in facts}
        filled.append(replace(stated, **unknown))
    if unmatched:
        text = f"the name pattern reads nothing from {len(unmatched)} of {len(samples)} recordings: {listed(unmatched)}"
        problems.append(f"{text}; correct the pattern, or give a sample sheet")
    return filled, problems


def disagreements(name: str, facts: Mapping[str, Value], named: Mapping[str, Value]) -> list[str]:
    """Return a sentence for each fact that the sheet and a name state differently.

    Parameters
    ----------
    name : str
        Of the recording.
    facts, named : mapping of str to str, float or bool
        What the sheet states, and what the name does.

    Returns
    -------
    list of str
        One per field.
    """
    return [
        one_line(
            f"{name}: {field} is {shown(facts[field])} in the sample sheet and {shown(value)} in the name; "
            "the sheet's is used, correct the other"
        )
        for field, value in named.items()
        if field in facts and not _same(field, facts[field], value)
    ]


def _same(field: str, one: Value, other: Value) -> bool:
    return one == other or (field == "well" and well_key(str(one)) == well_key(str(other)))


def contradictions(subject: Subject, varying: Collection[str]) -> list[str]:
    """Return a sentence for each fact that two recordings of a subject state differently.

    Parameters
    ----------
    subject : Subject
        A cell or a well.
    varying : collection of str
        Fields that may change from one recording to the next.

    Returns
    -------
    list of str
        At most one per field.

    Examples
    --------
    >>> one = Subject("c1", "cell", ("a", "b"), (Sample("a", line="WT"), Sample("b", line="KO")))
    >>> contradictions(one, ())
    ["c1: line is 'WT' in a and 'KO' in b; correct the sample sheet, or give them different cells"]
    """
    found = []
    for field in FACTS:
        if field in varying:
            continue
        stating = [(sample, value) for sample in subject.samples if known(value := getattr(sample, field))]
        other = next(((sample, value) for sample, value in stating if not _same(field, value, stating[0][1])), None)
        if other is not None:
            (first, value), (second, different) = stating[0], other
            found.append(
                one_line(
                    f"{subject.id}: {field} is {shown(value)} in {first.recording} and {shown(different)} in "
                    f"{second.recording}; correct the sample sheet, or give them different {subject.level}s"
                )
            )
    return found
