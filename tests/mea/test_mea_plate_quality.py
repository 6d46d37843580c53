"""Effects of the plate itself: its edge, dead wells, and controls that vary."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_plate
from scipy import stats

import mnephys
from mnephys.mea.plate import Wells, plate_quality, stratified_rank_test, well_values
from mnephys.mea.plate.quality import control_variability, dead_wells, edge_effect, outer_wells
from mnephys.measurement import Status
from mnephys.recording import LAYOUTS
from mnephys.samples import PlateWells, group_wells, load_sheet

LAYOUT = LAYOUTS["48-well"]
OUTER = outer_wells(list(LAYOUT.wells), LAYOUT)
NAN = math.nan


def plate(values, **columns):
    return Wells.of("rate", "Hz", LAYOUT.wells, values, recording=["r"] * 48, **columns)


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.booleans(), st.one_of(st.none(), st.integers(-3, 3).map(float))), max_size=24
    )
)
@settings(deadline=None, max_examples=200)
def test_the_rank_test_equals_a_count_of_pairs(entries):
    values = np.array([NAN if v is None else v for *_, v in entries], dtype=float)
    marked = np.array([m for _, m, _ in entries], dtype=bool)
    found = stratified_rank_test(values, marked, np.array([s for s, *_ in entries], dtype=int))
    strata = [
        tuple([v for s, m, v in entries if s == stratum and m == kind and v is not None] for kind in (True, False))
        for stratum in range(3)
    ]
    expected = plain_plate.rank_test(strata)
    if expected is None:
        assert math.isnan(found.delta)
        assert (found.n_marked, found.n_others) == (0, 0)
    else:
        assert (found.delta, found.p) == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


def test_of_one_stratum_it_is_the_test_of_mann_and_whitney():
    rng = np.random.default_rng(2)
    for _ in range(20):
        values = rng.integers(0, 9, 30).astype(float)
        marked = rng.random(30) < 0.4
        found = stratified_rank_test(values, marked, np.zeros(30, dtype=int))
        peer = stats.mannwhitneyu(values[marked], values[~marked], method="asymptotic", use_continuity=False)
        assert found.p == pytest.approx(peer.pvalue)
        assert found.delta == pytest.approx(2 * peer.statistic / (marked.sum() * (~marked).sum()) - 1)


def test_without_an_effect_it_is_rarely_called_one():
    rng = np.random.default_rng(9)
    called = [edge_effect(plate(rng.lognormal(0, 1, 48)), {"r": LAYOUT})[-1].text for _ in range(400)]
    assert called.count("edge effect") <= 12  # 4 by chance


def test_an_edge_effect_is_found_and_treatments_are_no_edge_effect():
    rng = np.random.default_rng(4)
    values = rng.lognormal(0, 0.3, 48)
    delta, p, verdict = edge_effect(plate(values * np.where(OUTER, 0.5, 1.0)), {"r": LAYOUT})
    assert delta.value < -0.5
    assert p.value < 1e-4
    assert verdict.text == "edge effect"
    assert "have less" in verdict.reason
    # Half of the edge and a tenth of the rest were silenced: no effect of the edge within either kind.
    treated = np.where(OUTER, np.arange(48) % 2 == 0, np.arange(48) % 10 == 0)
    columns = {"treatment": np.where(treated, "TTX", ""), "control": ~treated}
    assert edge_effect(plate(values * np.where(treated, 0.01, 1.0), **columns), {"r": LAYOUT})[-1].text == "ok"
    assert edge_effect(plate(values * np.where(treated, 0.01, 1.0)), {"r": LAYOUT})[0].value < -0.3


@pytest.mark.parametrize(
    ("layout", "values", "status", "said"),
    [
        ("6-well", np.arange(6.0), Status.NOT_APPLICABLE, "every well of the plate is at its edge"),
        ("48-well", np.ones(48), Status.NOT_APPLICABLE, "the wells do not differ"),
        ("48-well", np.full(48, NAN), Status.TOO_FEW_EVENTS, "0 wells at the edge and 0 others"),
        ("12-well", np.arange(12.0), Status.TOO_FEW_EVENTS, "10 wells at the edge and 2 others"),
    ],
)
def test_where_the_edge_cannot_be_judged(layout, values, status, said):
    wells = Wells.of("rate", "Hz", LAYOUTS[layout].wells, values, recording=["r"] * values.size)
    rows = edge_effect(wells, {"r": LAYOUTS[layout]})
    assert [row.feature for row in rows] == ["edge_effect", "edge_effect_p", "qc_edge_effect"]
    assert {row.status for row in rows} == {status}
    assert all(said in row.reason for row in rows)


def test_dead_wells_are_counted_and_named_and_treated_ones_are_not():
    treatment = ["TTX"] + [""] * 47
    values = np.where(np.arange(48) < 12, 0.0, 5.0)
    values[47] = NAN
    count, verdict = dead_wells(plate(values, treatment=treatment))
    assert count.value == 11
    assert count.reason == "of 46 untreated wells"
    assert verdict.text == "dead wells"
    assert verdict.reason == "No active electrode in A2, A3, A4, A5, A6, A7, A8, B1 and 3 more."
    assert dead_wells(plate(np.ones(48)))[1].text == "ok"
    assert {row.status for row in dead_wells(plate(np.full(48, NAN)))} == {Status.NOT_APPLICABLE}


def test_controls_vary_by_their_own_mean():
    cv, verdict = control_variability(plate([1.0, 2.0, 6.0] + [100.0] * 45, control=[True] * 3 + [False] * 45))
    assert cv.value == pytest.approx(math.sqrt(7) / 3)
    assert verdict.text == "variable controls"
    assert control_variability(plate(np.arange(48) + 100.0, control=[True] * 48))[1].text == "ok"


@pytest.mark.parametrize(
    ("values", "control", "status"),
    [
        (np.ones(48), np.zeros(48, dtype=bool), Status.TOO_FEW_EVENTS),
        (np.ones(48), np.arange(48) < 2, Status.TOO_FEW_EVENTS),
        (np.zeros(48), np.ones(48, dtype=bool), Status.NOT_APPLICABLE),
    ],
)
def test_controls_that_cannot_be_judged(values, control, status):
    assert {row.status for row in control_variability(plate(values, control=control))} == {status}


def test_a_silent_plate_and_a_plate_of_nothing_give_rows_and_no_warning():
    silent = plate(np.zeros(48))
    found = {row.feature: row for row in plate_quality(silent, [silent], {"r": LAYOUT})}
    assert found["dead_well_count"].value == 48
    assert found["qc_edge_effect"].status is Status.NOT_APPLICABLE
    assert found["qc_control_cv"].status is Status.TOO_FEW_EVENTS
    nothing = silent.chosen(np.zeros(48, dtype=bool))
    assert [row.status for row in plate_quality(nothing, [nothing], {"r": LAYOUT})] == [Status.TOO_FEW_EVENTS] * 3


def test_a_real_plate(data):
    folder = "mea/motor_neuron_neural_metrics"
    recording = mnephys.read(data(f"{folder}/DIV26.csv"))
    facts = {"DIV26.csv": PlateWells(recording.layout.name, recording.layout.wells, recording.well_facts)}
    subjects, _ = group_wells(facts, load_sheet(data(f"{folder}/samples.csv")))
    tables = {"DIV26.csv": mnephys.extract(recording)}
    active = well_values("active_electrode_count", tables, subjects)
    rate = well_values("weighted_mean_firing_rate", tables, subjects)
    rows = {(row.feature, row.id): row for row in plate_quality(active, [rate], {"DIV26.csv": recording.layout})}
    # Columns 1 to 4 of eight rows are plated.
    assert {well[1:] for well in rate.well[rate.measured].tolist()} == {"1", "2", "3", "4"}
    alive = {w: v for w, v in zip(active.well.tolist(), active.values.tolist(), strict=True) if not math.isnan(v)}
    assert rows["dead_well_count", ""].value == sum(v == 0 for v in alive.values())
    strata = []
    for line in np.unique(rate.line).tolist():
        here = rate.chosen((rate.line == line) & rate.measured)
        of = dict(zip(here.well.tolist(), here.values.tolist(), strict=True))
        edge = [v for w, v in of.items() if w[0] in "AH" or w[1:] in {"1", "12"}]
        strata.append((edge, [v for w, v in of.items() if not (w[0] in "AH" or w[1:] in {"1", "12"})]))
    delta, p = plain_plate.rank_test(strata)
    assert rows["edge_effect", rate.feature].value == pytest.approx(delta)
    assert rows["edge_effect_p", rate.feature].value == pytest.approx(p)
