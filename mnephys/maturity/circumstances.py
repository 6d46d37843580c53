"""What the other wells of a plate and the other recordings of a well say about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from mnephys.maturity.network_rubric import ACTIVE_COUNT, NetworkRubric
from mnephys.maturity.network_stage import NetworkStage
from mnephys.maturity.well_case import WellCase, is_silenced, is_treated

__all__ = ["Circumstances", "circumstances_of"]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the other wells and recordings say about one well of one recording.

    Parameters
    ----------
    days : int
        On how many days the well was recorded untreated and scored.
    dated : bool
        Whether these are days; if nobody stated them, they are recordings.
    organised_in_a_row : int
        Length of the run of organised days that this one is part of.
    silenced_wells : int
        Wells of the plate that were silenced on purpose on this day, and were measured.
    silenced_active : int
        Of these, wells that have active electrodes all the same.
    """

    days: int
    dated: bool
    organised_in_a_row: int
    silenced_wells: int
    silenced_active: int


def circumstances_of(
    cases: Sequence[WellCase], stages: Mapping[int, NetworkStage], rubric: NetworkRubric
) -> dict[int, Circumstances]:
    """Return what the neighbours in space and time say about each well that was scored.

    Parameters
    ----------
    cases : sequence of WellCase
        All wells of all recordings; the recordings of a well in the order of time.
    stages : mapping of int to NetworkStage
        Of those that were scored, by their position in `cases`.
    rubric : NetworkRubric
        Names the silencers.

    Returns
    -------
    dict of int to Circumstances
        By the same positions.
    """
    by_subject: dict[str, list[int]] = {}
    for i in stages:
        by_subject.setdefault(cases[i].subject, []).append(i)
    alive = {
        subject: any(cases[i].number(ACTIVE_COUNT) for i in members if not is_treated(cases[i], rubric))
        for subject, members in by_subject.items()
    }
    silenced: dict[tuple[str, str | float], list[bool]] = {}
    for case in cases:
        left = case.number(ACTIVE_COUNT)
        # A well that was never active cannot fall silent.
        if left is not None and alive.get(case.subject, True) and _is_control(case, rubric):
            silenced.setdefault((case.plate, case.day), []).append(left > 0)
    found = {}
    for members in by_subject.values():
        untreated = [i for i in members if not is_treated(cases[i], rubric)]
        runs = _organised_runs([(cases[i].day, stages[i]) for i in untreated])
        dated = all("div" in cases[i].sample for i in members)
        for i in members:
            controls = silenced.get((cases[i].plate, cases[i].day), [])
            row = 0 if is_treated(cases[i], rubric) else runs[cases[i].day]
            found[i] = Circumstances(len(runs), dated, row, len(controls), sum(controls))
    return found


def _is_control(case: WellCase, rubric: NetworkRubric) -> bool:
    return is_silenced(case, rubric) and case.sample.get("plated") is not False


def _organised_runs(stages: Sequence[tuple[str | float, NetworkStage]]) -> dict[str | float, int]:
    """Return for each day how many days in a row, itself among them, all recordings are organised; 0 where not."""
    days: dict[str | float, bool] = {}
    for day, stage in stages:
        days[day] = days.get(day, True) and stage is NetworkStage.ORGANISED
    runs: dict[str | float, int] = {}
    for organised, group in groupby(days, lambda day: days[day]):
        together = list(group)
        runs |= dict.fromkeys(together, len(together) if organised else 0)
    return runs
