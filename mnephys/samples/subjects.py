"""Which recordings are of one subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mnephys.samples.ids import CellKey, cell_ids, cell_key
from mnephys.samples.known import Subject, contradictions, known_samples
from mnephys.samples.sample import Sample
from mnephys.samples.sheet import SampleSheet
from mnephys.samples.text import natural_key
from mnephys.wording import one_line

__all__ = ["group_cells", "group_subjects"]

# These may change from one recording of a cell to the next.
_VARYING = frozenset({"rs_mohm", "rseal_mohm", "bias_pa", "protocol"})


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
    samples, problems = known_samples(names, sheet, name_pattern)
    subjects, more = group_cells(list(samples.values()))
    return subjects, problems + more


def group_cells(samples: Sequence[Sample]) -> tuple[list[Subject], list[str]]:
    """Join the recordings of each cell, as `group_subjects` does, from what is known of each.

    Parameters
    ----------
    samples : sequence of Sample
        One per recording.

    Returns
    -------
    subjects : list of Subject
        In natural order of their ids.
    problems : list of str
        One sentence each: recordings of one cell that contradict each other, cells that may be one.

    Examples
    --------
    >>> subjects, _ = group_cells([Sample("a.abf", cell="c1"), Sample("b.abf", cell="c1"), Sample("c.abf")])
    >>> [subject.id for subject in subjects]
    ['c1', 'c.abf']
    """
    cells: dict[CellKey, list[Sample]] = {}
    for sample in samples:
        if sample.cell:
            cells.setdefault(cell_key(sample), []).append(sample)
    alone = [sample for sample in samples if not sample.cell]
    ids = cell_ids(cells, {sample.recording for sample in alone})
    subjects = [_subject(ids[key], group) for key, group in cells.items()]
    subjects += [_subject(sample.recording, [sample]) for sample in alone]
    subjects.sort(key=lambda subject: natural_key(subject.id))
    problems = [sentence for subject in subjects for sentence in contradictions(subject, _VARYING)]
    return subjects, problems + _near_misses(ids)


def _subject(name: str, samples: Sequence[Sample]) -> Subject:
    by_name = tuple(sorted(samples, key=lambda sample: sample.recording))
    return Subject(name, "cell", tuple(sample.recording for sample in by_name), by_name)


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
