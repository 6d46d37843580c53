"""Wells of published plates on several days: every score and every single metric of each, nothing fitted to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import mnephys
from mnephys.batch.discover import find_recordings
from mnephys.batch.run import Run, run
from mnephys.batch.store import Store
from mnephys.batch.well_reference import control_wells, gather_metrics, learn_from_wells
from mnephys.maturity import load_rubrics
from mnephys.maturity.activity_score import score_activity
from mnephys.maturity.network_score import score_networks
from mnephys.maturity.well_case import WellCase
from mnephys.measurement import FeatureTable, Measurement
from mnephys.recording import PlateRecording, SpikeTrains
from mnephys.samples import load_sheet
from mnephys.summary import PlateSummary

Array = np.ndarray

NOT_RATE_LIKE = frozenset(
    {
        "burst_percentage",
        "network_burst_percentage",
        "network_burst_percentage_axis_2015",
        "sttc",
        "synchrony_index",
        "area_under_normalized_cross_correlation",
    }
)
"""What the rubric scores but for the active electrodes: shares of spikes, and synchrony."""


@dataclass(frozen=True, eq=False)
class Cohort:
    """Wells on days, one entry each; metrics are NaN where they were not measured."""

    well: Array
    line: Array
    day: Array
    index: Array
    without_rate: Array
    synchrony: Array
    opinion: Array
    metrics: Mapping[str, Array]

    def where(self, kept: Array) -> Cohort:
        """Return some of them."""
        named = {name: value[kept] for name, value in self.metrics.items()}
        return Cohort(*(getattr(self, key)[kept] for key in FIELDS), named)


FIELDS = ("well", "line", "day", "index", "without_rate", "synchrony", "opinion")


def measured_cohort(folder: Path, sheet: Path | None, name_pattern: str | None, apart: Callable[[dict], str]) -> Cohort:
    """Score a folder as the command line does; `apart` says which control wells are never learnt from and judged."""
    with Store() as store:
        stated = None if sheet is None else load_sheet(sheet)
        result = run(Run(find_recordings([folder]), load_rubrics(), stated, name_pattern), store)
    assert not result.failures
    records = [s for s in result.scores if s["level"] == "well" and s["maturity_index"] is not None]
    rows: dict[tuple[str, str], dict[str, Measurement]] = {}
    by_recording: dict[str, list[Measurement]] = {}
    for row in result.table:
        if row.level == "well":
            rows.setdefault((row.recording, row.id), {}).setdefault(row.feature, row)
            by_recording.setdefault(row.recording, []).append(row)
    tables = {name: FeatureTable(tuple(found)) for name, found in by_recording.items()}
    names = sorted({f for of in rows.values() for f, row in of.items() if row.ok and row.value is not None})
    places = [rows[score["recording"], score["id"]] for score in records]
    return Cohort(
        well=np.array([score["subject"] for score in records]),
        line=np.array([score["sample"].get("line", "") for score in records]),
        day=np.array([float(score["sample"]["div"]) for score in records]),
        index=np.array([score["maturity_index"] for score in records]),
        without_rate=_without_rate(records, places),
        synchrony=np.array([_number(score["domains"]["synchrony"]["score"]) for score in records]),
        opinion=_opinions(records, tables, apart),
        metrics={f: np.array([_number(of[f].value if f in of else None) for of in places]) for f in names},
    )


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def _without_rate(records: list[dict], places: list[dict[str, Measurement]]) -> Array:
    """Score again as if nothing but `NOT_RATE_LIKE` had been measured; a well that then has no score has 0."""
    cases = [
        WellCase(s["subject"], "p", s["id"], s["recording"], s["sample"], _kept(of), {})
        for s, of in zip(records, places, strict=True)
    ]
    return np.array([score.maturity_index or 0.0 for score in score_networks(cases) if score.level == "well"])


def _kept(rows: dict[str, Measurement]) -> dict[str, Measurement]:
    return {feature: row for feature, row in rows.items() if feature in NOT_RATE_LIKE}


def _opinions(records: list[dict], tables: Mapping[str, FeatureTable], apart: Callable[[dict], str]) -> Array:
    """Return the second opinion on each well, learnt from control wells that are none of the wells judged."""
    metrics = gather_metrics(records, tables)
    controls = {id(score) for score in control_wells(records)[0]}
    is_control = np.array([id(score) in controls for score in records])
    group = np.array([apart(score) for score in records])
    group[~np.isin(group, group[is_control])] = ""
    found = np.full(len(records), np.nan)
    for one in np.unique(group):
        at = np.flatnonzero(is_control & (group != one))
        learnt = replace(metrics, wells=[records[i] for i in at], values=metrics.values[at], active=metrics.active[at])
        reference = learn_from_wells(learnt, "controls")
        judged = score_activity(reference.model, metrics.values[group == one], metrics.names)
        found[group == one] = [_number(opinion.score) for opinion in judged]
    return found


def permuted(plate: PlateRecording | PlateSummary, seed: int) -> tuple[PlateRecording | PlateSummary, dict[str, str]]:
    """Return a plate with its wells in other places, and the electrodes of each; and where each well has gone."""
    rng = np.random.default_rng(seed)
    wells, labels = list(plate.layout.wells), list(plate.layout.labels)
    to = dict(zip(wells, rng.permutation(wells).tolist(), strict=True))
    place = {w: dict(zip(labels, rng.permutation(labels).tolist(), strict=True)) for w in wells}
    facts = {to[well]: of for well, of in plate.well_facts.items()}
    if isinstance(plate, PlateSummary):
        rows = [_moved(row, to, place) for row in plate.table]
        order = rng.permutation(len(rows))
        return replace(plate, table=FeatureTable(tuple(rows[i] for i in order)), well_facts=facts), to
    at = {(e["well"], e["label"]): i for i, e in enumerate(plate.electrodes)}
    new = np.empty(len(plate.electrodes), dtype=int)
    for (well, label), i in at.items():
        new[at[to[well], place[well][label]]] = i
    problems = {to[well]: why for well, why in plate.well_problems.items()}
    return replace(plate, trains=_trains(plate, lambda i, _: new[i]), well_facts=facts, well_problems=problems), to


def _moved(row: Measurement, to: Mapping[str, str], place: Mapping[str, Mapping[str, str]]) -> Measurement:
    well, _, label = row.id.partition("_")
    if row.level == "electrode":
        return replace(row, id=f"{to[well]}_{place[well].get(label, label)}")
    return replace(row, id=to[well]) if row.level == "well" else row


def shifted(plate: PlateRecording, seed: int) -> PlateRecording:
    """Return a plate on which every train is shifted around the recording by a time of its own."""
    rng = np.random.default_rng(seed)
    shift = rng.uniform(0, plate.trains.stop - plate.trains.start, len(plate.electrodes))
    return replace(plate, trains=_trains(plate, lambda i, _: i, shift))


def _trains(plate: PlateRecording, source: Callable[[int, int], int], shift: Array | None = None) -> SpikeTrains:
    trains = plate.trains
    each = np.split(trains.times, trains.offsets[1:-1])
    span = trains.stop - trains.start
    if shift is not None:
        each = [np.sort(trains.start + (t - trains.start + s) % span) for t, s in zip(each, shift, strict=True)]
    moved = [each[source(i, len(each))] for i in range(len(each))]
    return SpikeTrains.from_lists(moved, groups=plate.electrodes["well"], start=trains.start, stop=trains.stop)


def indices_of(plate: PlateRecording | PlateSummary) -> dict[str, float]:
    """Return the index of each well that was scored."""
    scores = mnephys.score(plate)
    return {well: score.maturity_index for well, score in scores.items() if score.maturity_index is not None}
