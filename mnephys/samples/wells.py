"""Which wells of which recordings are one well, recorded on several days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mnephys.samples.known import Subject, contradictions, disagreements
from mnephys.samples.names import compile_pattern, read_name
from mnephys.samples.sample import FACTS, Sample, known, parse_value, well_key
from mnephys.samples.sheet import SampleSheet
from mnephys.samples.text import listed, natural_key, shown
from mnephys.wording import one_line

__all__ = ["PlateWells", "group_wells"]

_TREATMENT = frozenset({"treatment", "dose", "dose_unit", "control"})
# These may change from one recording of a well to the next.
_VARYING = frozenset(
    {"div", "day_of_differentiation", "treatment", "dose", "dose_unit", "control", "temperature_c", "external_solution"}
    | {"protocol"}
)


@dataclass(frozen=True, slots=True)
class PlateWells:
    """The wells of a recording.

    Parameters
    ----------
    layout : str
        Name of the plate's layout, for messages.
    wells : tuple of str
        All that the plate has, row by row.
    facts : mapping of str to mapping of str to str
        What the file itself says of wells; used where neither sheet nor name state it.
    """

    layout: str
    wells: tuple[str, ...]
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def group_wells(
    plates: Mapping[str, PlateWells], sheet: SampleSheet | None = None, name_pattern: str | None = None
) -> tuple[list[Subject], list[str]]:
    r"""Join the recordings of each well.

    Wells of the same name on the same plate are one subject. Where nobody states which plate it is, each recording is
    a plate of its own. Days in vitro give the order of time where all recordings of a well have them, else the names.

    Parameters
    ----------
    plates : mapping of str to PlateWells
        Recordings of plates by their POSIX path below the inputs' common root.
    sheet : SampleSheet, optional
        What was done to them.
    name_pattern : str, optional
        Regular expression for `parse_names`; it fills in what the sheet does not state.

    Returns
    -------
    subjects : list of Subject
        Of level ``well``, plate by plate and row by row. Each sample names its well.
    problems : list of str
        One sentence each: wells that a plate does not have, statements that contradict each other.

    Raises
    ------
    SampleSheetError
        If the pattern is not valid, or equally specific rows of the sheet contradict each other.

    Examples
    --------
    >>> plates = {f"P1_DIV{day}.csv": PlateWells("6-well", ("A1", "A2")) for day in (21, 7)}
    >>> subjects, problems = group_wells(plates, None, r"(?P<plate>P\d)_DIV(?P<div>\d+)")
    >>> [(subject.id, subject.names) for subject in subjects]
    [('P1 A1', ('P1_DIV7.csv', 'P1_DIV21.csv')), ('P1 A2', ('P1_DIV7.csv', 'P1_DIV21.csv'))]
    """
    expression = None if name_pattern is None else compile_pattern(name_pattern)
    problems: list[str] = []
    together: dict[tuple[str, str], dict[str, list[Sample]]] = {}
    for name in sorted(plates, key=natural_key):
        plate = plates[name]
        named = {} if expression is None else read_name(expression, name)
        if sheet is not None:
            problems += _missing_wells(sheet, name, plate)
        samples = [_sample(name, well, plate, sheet, named) for well in plate.wells]
        if named and sheet is not None:
            problems += disagreements(name, sheet.sample(name).facts(), {k: v for k, v in named.items() if k != "well"})
        label, doubts = _plate_of(name, samples)
        problems += doubts
        for sample in samples:
            # Only one plate can be in one recording, whether or not each of its wells says which.
            known_as = replace(sample, plate=label) if label else sample
            together.setdefault((label or name, plate.layout), {}).setdefault(sample.well, []).append(known_as)
    names = _plate_names(together)
    problems += [sentence for _, sentence in names.values() if sentence]
    subjects = [
        _subject(names[key][0], well, samples) for key, wells in together.items() for well, samples in wells.items()
    ]
    for subject in subjects:
        problems += contradictions(subject, _VARYING)
    return subjects, list(dict.fromkeys(problems))


def _sample(name: str, well: str, plate: PlateWells, sheet: SampleSheet | None, named: Mapping[str, Any]) -> Sample:
    """Return what is known of a well: by the sheet, else by the name, else by the file itself."""
    stated = Sample(name, well=well) if sheet is None else sheet.sample(name, well=well)
    stated = _filled(stated, named)
    return _filled(stated, _by_file(plate.facts.get(well, {}), stated))


def _plate_of(name: str, samples: Sequence[Sample]) -> tuple[str, list[str]]:
    """Return the plate of a recording, empty where nobody states it, and what is doubtful about it."""
    stated = [sample.plate for sample in samples if sample.plate]
    different = list(dict.fromkeys(stated))
    if len(different) < 2:
        return different[0] if different else "", []
    most = max(different, key=stated.count)
    return most, [
        one_line(
            f"{name}: its wells are stated to be on the plates {listed(different)}, and one recording is of one plate; "
            f"{shown(most)} is used, correct the sample sheet"
        )
    ]


def _plate_names(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return what to call each plate, and a sentence where plates of different kinds bear one name."""
    layouts: dict[str, list[str]] = {}
    for label, layout in keys:
        layouts.setdefault(label, []).append(layout)
    found = {}
    for label, kinds in layouts.items():
        several = len(kinds) > 1
        doubt = f"{label}: is the name of a {' and of a '.join(kinds)} plate; they are not taken for one, rename one"
        for kind in kinds:
            found[label, kind] = (f"{label} ({kind})" if several else label, one_line(doubt) if several else "")
    return found


def _filled(sample: Sample, source: Mapping[str, Any]) -> Sample:
    """Return a sample with what only the source knows."""
    facts = sample.facts()
    return replace(sample, **{key: value for key, value in source.items() if key not in facts})


def _by_file(facts: Mapping[str, str], stated: Sample) -> dict[str, Any]:
    """Return what a file says of a well as far as it is a field of a sample and can be read."""
    found: dict[str, Any] = {}
    if {"treatment", "dose", "dose_unit"} & set(stated.facts()):
        # A dose belongs to its treatment: half of one statement beside half of another would be a third.
        facts = {key: text for key, text in facts.items() if key not in _TREATMENT}
    for key, text in facts.items():
        if key in FACTS and known(text):
            try:
                found[key] = parse_value(key, text)
            except ValueError:
                continue
    return found


def _subject(plate: str, well: str, samples: Sequence[Sample]) -> Subject:
    ordered = sorted(samples, key=lambda sample: natural_key(sample.recording))
    if all(sample.div is not None for sample in ordered):
        ordered.sort(key=lambda sample: sample.div or 0.0)
    return Subject(one_line(f"{plate} {well}"), "well", tuple(s.recording for s in ordered), tuple(ordered), plate)


def _missing_wells(sheet: SampleSheet, name: str, plate: PlateWells) -> list[str]:
    """Return a sentence on the rows about wells that the plate of a recording does not have."""
    have = {well_key(well) for well in plate.wells}
    rows = [row for row in sheet.rows_about(name) if row.well and row.well not in have]
    if not rows:
        return []
    wells = listed([str(row.facts["well"]) for row in rows])
    first, more = rows[0].number, f" and {len(rows) - 1} more" * (len(rows) > 1)
    return [
        one_line(
            f"{sheet.path}: row {first}{more}, column well: a {plate.layout} plate has no well {wells} "
            f"({plate.wells[0]} to {plate.wells[-1]}); correct the well, or the recording that the row is about"
        )
    ]
