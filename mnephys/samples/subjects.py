"""Which recordings are of one subject."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mnephys.samples.ids import CellKey, cell_ids, cell_key
from mnephys.samples.names import compile_pattern, read_name
from mnephys.samples.sample import FACTS, Sample, Value, known, well_key
from mnephys.samples.sheet import SampleSheet
from mnephys.samples.text import listed, natural_key, shown
from mnephys.wording import one_line

__all__ = ["Subject", "group_subjects"]

# These may change from one recording of a cell to the next.
_VARYING = frozenset({"rs_mohm", "rseal_mohm", "bias_pa", "protocol"})
_CELL = "cell"


@dataclass(frozen=True, slots=True)
class Subject:
    """A cell and its recordings.

    Parameters
    ----------
    id : str
        Unlike that of any other subject of the same run.
    level : str
        ``"cell"``.
    names : tuple of str
        POSIX paths of its recordings below the inputs' common root, sorted.
    samples : tuple of Sample
        What is known about each, in the same order.

    Examples
    --------
    >>> Subject("c1", "cell", ("c1.abf",), (Sample("c1.abf", cell="c1"),)).names
    ('c1.abf',)
    """

    id: str
    level: str
    names: tuple[str, ...]
    samples: tuple[Sample, ...]


def group_subjects(
    names: Sequence[str], sheet: SampleSheet | None = None, name_pattern: str | None = None
) -> tuple[list[Subject], list[str]]:
    r"""Join the recordings of each cell.

    Recordings for which a cell is stated belong to one subject where line, differentiation, plate
    and cell are all the same; unknown equals only unknown. Any other recording is a subject of its
    own, whose id is its name.

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
    subjects : list of Subject
        In natural order of their ids: c2 before c10.
    problems : list of str
        One sentence each: rows that match nothing, sheet and name that disagree, recordings of one
        cell that contradict each other, cells that may be one.

    Raises
    ------
    SampleSheetError
        If the pattern is not valid, a name cannot be read by it, or equally specific rows of the
        sheet contradict each other.

    Examples
    --------
    >>> subjects, problems = group_subjects(
    ...     ["c10_vc.abf", "c2_cc.abf", "c2_vc.abf"], name_pattern=r"(?P<cell>c\d+)_"
    ... )
    >>> [(subject.id, subject.names) for subject in subjects]
    [('c2', ('c2_cc.abf', 'c2_vc.abf')), ('c10', ('c10_vc.abf',))]
    >>> problems
    []
    """
    ordered = sorted(set(names), key=natural_key)
    problems = [] if sheet is None else sheet.problems(ordered)
    samples = [Sample(name) if sheet is None else sheet.sample(name) for name in ordered]
    if name_pattern is not None:
        samples, notes = _with_names(samples, sheet, compile_pattern(name_pattern))
        problems += notes
    cells: dict[CellKey, list[Sample]] = {}
    for sample in samples:
        if sample.cell:
            cells.setdefault(cell_key(sample), []).append(sample)
    alone = [sample for sample in samples if not sample.cell]
    ids = cell_ids(cells, {sample.recording for sample in alone})
    subjects = [_subject(ids[key], group) for key, group in cells.items()]
    subjects += [_subject(sample.recording, [sample]) for sample in alone]
    subjects.sort(key=lambda subject: natural_key(subject.id))
    problems += [sentence for subject in subjects for sentence in _contradictions(subject)]
    return subjects, problems + _near_misses(ids)


def _subject(name: str, samples: Sequence[Sample]) -> Subject:
    by_name = tuple(sorted(samples, key=lambda sample: sample.recording))
    return Subject(name, _CELL, tuple(sample.recording for sample in by_name), by_name)


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
        problems += _disagreements(sample.recording, facts, named)
        unknown: Mapping[str, Any] = {field: value for field, value in named.items() if field not in facts}
        filled.append(replace(stated, **unknown))
    if unmatched:
        text = f"the name pattern reads nothing from {len(unmatched)} of {len(samples)} recordings: {listed(unmatched)}"
        problems.append(f"{text}; correct the pattern, or give a sample sheet")
    return filled, problems


def _disagreements(name: str, facts: Mapping[str, Value], named: Mapping[str, Value]) -> list[str]:
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


def _contradictions(subject: Subject) -> list[str]:
    """Return a sentence for each fact that two recordings of the subject state differently."""
    found = []
    for field in FACTS:
        if field in _VARYING:
            continue
        stating = [(sample, value) for sample in subject.samples if known(value := getattr(sample, field))]
        other = next(((sample, value) for sample, value in stating if not _same(field, value, stating[0][1])), None)
        if other is not None:
            (first, value), (second, different) = stating[0], other
            found.append(
                one_line(
                    f"{subject.id}: {field} is {shown(value)} in {first.recording} and {shown(different)} in "
                    f"{second.recording}; correct the sample sheet, or give them different cells"
                )
            )
    return found


def _near_misses(ids: Mapping[CellKey, str]) -> list[str]:
    """Return a sentence for each cell that only something unknown keeps apart from a namesake."""
    by_cell: dict[str, list[CellKey]] = {}
    for key in ids:
        by_cell.setdefault(key.cell, []).append(key)
    found = []
    for group in by_cell.values():
        # A field that all leave empty keeps nothing apart.
        used = [field for field in CellKey._fields if any(getattr(key, field) for key in group)]
        for key in group:
            missing = [field for field in used if not getattr(key, field)]
            other = next((other for other in group if missing and _may_be_one(key, other)), None)
            if other is not None:
                found.append(
                    one_line(
                        f"{ids[key]}: has no {' and no '.join(missing)}, so that it is not taken for the same cell as "
                        f"{ids[other]}; fill in the sample sheet if it is"
                    )
                )
    return found


def _may_be_one(key: CellKey, other: CellKey) -> bool:
    pairs = list(zip(key, other, strict=True))
    return key != other and all(a == b or not a or not b for a, b in pairs)
