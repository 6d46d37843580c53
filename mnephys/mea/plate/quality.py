"""What a plate itself does to its wells: effects of its edge, dead wells, and control wells that vary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mnephys.mea.plate.assay import MIN_WELLS
from mnephys.mea.plate.conditions import conditions_of
from mnephys.mea.plate.groups import summarise
from mnephys.mea.plate.ranks import RankTest, stratified_rank_test
from mnephys.mea.plate.wells import Wells
from mnephys.measurement import Feature, Measurement, Status
from mnephys.recording import BoolArray, PlateLayout
from mnephys.samples.treatments import is_untreated

__all__ = ["FEATURES", "control_variability", "dead_wells", "edge_effect", "outer_wells", "plate_quality"]

MIN_SIDE = 4
"""Fewest wells at the edge, and away from it, that are compared."""

EDGE_P, EDGE_DELTA = 0.01, 1 / 3
"""An edge effect is called one below this probability and from this size; provisional: no limit is published."""

MAX_CONTROL_CV = 0.5
"""Control wells are called variable above this; provisional, as no limit is published."""

_PLATE = ("plate",)
_SHOWN = 8

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "edge_effect",
            "1",
            _PLATE,
            "Cliff's delta of the wells at the plate's edge and the others, among wells that were treated alike",
            "10.1037/0033-2909.114.3.494",
            (-1, 1),
            {"min_wells": MIN_SIDE},
        ),
        Feature(
            "edge_effect_p",
            "1",
            _PLATE,
            "Probability of such a difference by chance: van Elteren's rank test, normal approximation",
            "mnephys",
            (0, 1),
            {"min_wells": MIN_SIDE},
        ),
        Feature(
            "qc_edge_effect",
            "1",
            _PLATE,
            "Whether the wells at the plate's edge differ from the others",
            "mnephys",
            parameters={"p": EDGE_P, "delta": EDGE_DELTA},
        ),
        Feature("dead_well_count", "1", _PLATE, "Untreated wells without an active electrode", "mnephys", (0, 1e6)),
        Feature("qc_dead_wells", "1", _PLATE, "Whether an untreated well has no active electrode", "mnephys"),
        Feature(
            "control_cv",
            "1",
            _PLATE,
            "SD (ddof 1) over mean of the control wells",
            "mnephys",
            (0, 1e3),
            {"min_wells": MIN_WELLS},
        ),
        Feature(
            "qc_control_cv",
            "1",
            _PLATE,
            "Whether the control wells agree with one another",
            "mnephys",
            parameters={"max_cv": MAX_CONTROL_CV},
        ),
    )
}
"""The features that this module measures.

`id` is the feature of the wells, then line, differentiation and vehicle if known."""


def outer_wells(well: tuple[str, ...] | list[str], layout: PlateLayout) -> BoolArray:
    """Return which wells are at the edge of their plate.

    Parameters
    ----------
    well : sequence of str
        Their names.
    layout : PlateLayout
        Of the plate.

    Returns
    -------
    ndarray, bool, shape (n_wells,)
        A well that the plate does not have is not.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS
    >>> outer_wells(["A3", "B2", "F5", "E8"], LAYOUTS["48-well"])
    array([ True, False,  True,  True])
    """
    places = [layout.place(name) or (-1, -1) for name in well]
    return np.array(
        [row in {0, layout.rows - 1} or column in {0, layout.columns - 1} for row, column in places], dtype=bool
    )


def edge_effect(wells: Wells, layouts: Mapping[str, PlateLayout]) -> list[Measurement]:
    """Compare the wells at the edge of each plate with the others.

    Parameters
    ----------
    wells : Wells
        Only wells of one line and differentiation that were treated alike are compared with one another.
    layouts : mapping of str to PlateLayout
        Of each recording.

    Returns
    -------
    list of Measurement
        `edge_effect`, `edge_effect_p` and `qc_edge_effect` of each recording that has a layout.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS
    >>> layout = LAYOUTS["24-well"]
    >>> values = 3.0 - outer_wells(layout.wells, layout) + [i / 100 for i in range(24)]
    >>> rate = Wells.of("rate", "Hz", layout.wells, values, recording=["P1.csv"] * 24)
    >>> row = edge_effect(rate, {"P1.csv": layout})[-1]
    >>> row.text, row.reason
    ('edge effect', 'The 16 wells at the edge have less than the other 8: delta -1, p 8.9e-05.')
    """
    rows: list[Measurement] = []
    for recording, layout in layouts.items():
        one = wells.chosen(wells.recording == recording)
        outer = outer_wells(one.well.tolist(), layout)
        found = stratified_rank_test(one.values, outer, conditions_of(one).index)
        rows += [
            replace(row, recording=recording)
            for row in _edge_rows(found, wells.feature, all_outer=bool(outer.size and outer.all()))
        ]
    return rows


def _edge_rows(found: RankTest, id_: str, *, all_outer: bool) -> list[Measurement]:
    features = [FEATURES[name] for name in ("edge_effect", "edge_effect_p", "qc_edge_effect")]
    few = min(found.n_marked, found.n_others)
    if few < MIN_SIDE or np.isnan(found.p):
        status, why = (
            Status.TOO_FEW_EVENTS,
            (
                f"{found.n_marked} wells at the edge and {found.n_others} others are alike but for their place, "
                f"of at least {MIN_SIDE}"
            ),
        )
        if all_outer:
            status, why = Status.NOT_APPLICABLE, "every well of the plate is at its edge"
        elif few >= MIN_SIDE:
            status, why = Status.NOT_APPLICABLE, "the wells do not differ from one another"
        return [feature.missing(status, why, id=id_) for feature in features]
    n = f"{found.n_marked} wells at the edge, {found.n_others} others"
    seen = found.p < EDGE_P and abs(found.delta) >= EDGE_DELTA
    more = "more" if found.delta > 0 else "less"
    size = f"delta {found.delta:.2g}, p {found.p:.2g}"
    verdict = f"The {found.n_marked} wells at the edge have {more} than the other {found.n_others}: {size}."
    return [
        features[0].measured(found.delta, id=id_, remark=n),
        features[1].measured(found.p, id=id_, remark=n),
        features[2].category("edge effect" if seen else "ok", id=id_, remark=verdict if seen else size),
    ]


def dead_wells(active: Wells) -> list[Measurement]:
    """Count the wells without an active electrode.

    Parameters
    ----------
    active : Wells
        The feature ``active_electrode_count``. A treated well that is no control may be silent because of it, and does
        not count.

    Returns
    -------
    list of Measurement
        `dead_well_count` and `qc_dead_wells` of each recording.

    Examples
    --------
    >>> active = Wells.of("active_electrode_count", "1", ["A1", "A2"], [0.0, 7.0], recording=["P1.csv"] * 2)
    >>> [(row.feature, row.value, row.text, row.reason) for row in dead_wells(active)][1]
    ('qc_dead_wells', None, 'dead wells', 'No active electrode in A1.')
    """
    treated = zip(active.treatment.tolist(), active.dose.tolist(), strict=True)
    untreated = np.array([is_untreated(text, dose) for text, dose in treated], dtype=bool)
    judged = active.measured & (active.control | untreated)
    dead = judged & (active.values == 0)
    rows: list[Measurement] = []
    for recording in np.unique(active.recording).tolist():
        here = active.recording == recording
        n, names = int((judged & here).sum()), active.well[dead & here].tolist()
        count, verdict = FEATURES["dead_well_count"], FEATURES["qc_dead_wells"]
        if not n:
            why = "no untreated well was measured"
            found = [count.missing(Status.NOT_APPLICABLE, why), verdict.missing(Status.NOT_APPLICABLE, why)]
        else:
            more = f" and {len(names) - _SHOWN} more" * (len(names) > _SHOWN)
            remark = f"No active electrode in {', '.join(names[:_SHOWN])}{more}." if names else ""
            found = [
                count.measured(len(names), remark=f"of {n} untreated wells"),
                verdict.category("dead wells" if names else "ok", remark=remark),
            ]
        rows += [replace(row, recording=recording) for row in found]
    return rows


def control_variability(wells: Wells) -> list[Measurement]:
    """Tell how much the control wells differ from one another.

    Parameters
    ----------
    wells : Wells
        With the controls marked.

    Returns
    -------
    list of Measurement
        `control_cv` and `qc_control_cv` of each recording, line, differentiation and vehicle.

    Examples
    --------
    >>> rate = Wells.of("rate", "Hz", ["A1", "A2", "A3"], [1.0, 2.0, 3.0], control=[True] * 3)
    >>> [(row.value, row.text) for row in control_variability(rate)]
    [(0.5, ''), (None, 'ok')]
    """
    labels, batch = wells.batches()
    groups = summarise(np.where(wells.control, wells.values, np.nan), batch, len(labels))
    rows: list[Measurement] = []
    with_choice = {tuple(label[:3]) for label in labels if label[3]}
    for i, (recording, *names) in enumerate(labels):
        if not labels[i][3] and tuple(labels[i][:3]) in with_choice:
            continue  # Treated wells for which nobody says which of the vehicles is meant: no controls are among them.
        id_ = ": ".join(part for part in (wells.feature, ", ".join(filter(None, names))) if part)
        found = _control_rows(int(groups.n[i]), float(groups.mean[i]), float(groups.sd[i]), id_)
        rows += [replace(row, recording=recording) for row in found]
    return rows


def _control_rows(n: int, mean: float, sd: float, id_: str) -> list[Measurement]:
    cv, verdict = FEATURES["control_cv"], FEATURES["qc_control_cv"]
    if n < MIN_WELLS or not mean > 0:
        status, why = (
            (Status.TOO_FEW_EVENTS, f"{n} measured control wells, of at least {MIN_WELLS}")
            if n < MIN_WELLS
            else (Status.NOT_APPLICABLE, "the mean of the control wells is not above 0")
        )
        return [cv.missing(status, why, id=id_), verdict.missing(status, why, id=id_)]
    row = cv.measured(sd / mean, id=id_, remark=f"{n} control wells")
    varies = sd / mean > MAX_CONTROL_CV
    remark = f"The CV of {n} control wells is {sd / mean:.2g}, above {MAX_CONTROL_CV:g}." if varies else ""
    return [row, verdict.category("variable controls" if varies else "ok", id=id_, remark=remark)]


def plate_quality(active: Wells, judged: list[Wells], layouts: Mapping[str, PlateLayout]) -> list[Measurement]:
    """Look for what a plate does to its wells.

    Parameters
    ----------
    active : Wells
        The feature ``active_electrode_count``.
    judged : list of Wells
        Features that edge and controls are judged by, for example ``weighted_mean_firing_rate``.
    layouts : mapping of str to PlateLayout
        Of each recording.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES`, at the level ``plate``.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS
    >>> wells = LAYOUTS["6-well"].wells
    >>> active = Wells.of("active_electrode_count", "1", wells, [0.0] * 6)
    >>> [(row.feature, row.text or row.reason) for row in plate_quality(active, [], {"": LAYOUTS["6-well"]})]
    [('dead_well_count', 'of 6 untreated wells'), ('qc_dead_wells', 'dead wells')]
    """
    rows = dead_wells(active)
    for wells in judged:
        rows += [*edge_effect(wells, layouts), *control_variability(wells)]
    return rows
