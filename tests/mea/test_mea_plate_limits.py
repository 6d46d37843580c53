"""The limits of plate statistics, from both sides."""

from __future__ import annotations

import numpy as np
import pytest

from mnephys.mea.plate import Wells, compare_conditions
from mnephys.mea.plate.quality import control_variability, edge_effect, outer_wells
from mnephys.measurement import Status
from mnephys.recording import LAYOUTS


def controls(values):
    return Wells.of("rate", "Hz", [f"A{i}" for i in range(1, len(values) + 1)], values, control=[True] * len(values))


@pytest.mark.parametrize(("apart", "word"), [(0.499, "ok"), (0.5, "ok"), (0.501, "variable controls")])
def test_control_wells_vary_above_a_cv_of_a_half(apart, word):
    cv, verdict = control_variability(controls([1 - apart, 1.0, 1 + apart]))
    assert cv.value == pytest.approx(apart)
    assert verdict.text == word
    assert ("above 0.5" in verdict.reason) is (word != "ok")


@pytest.mark.parametrize("n", [2, 3])
def test_three_control_wells_are_the_fewest_that_vary(n):
    cv, verdict = control_variability(controls(list(np.linspace(1.0, 1.1, n))))
    assert (cv.status is Status.OK) is (verdict.status is Status.OK) is (n == 3)


def test_two_wells_a_side_are_the_fewest_that_can_be_asked_for():
    wells = Wells.of(
        "rate",
        "Hz",
        ["A1", "A2", "B1", "B2"],
        [1, 2, 8, 9.0],
        treatment=["", "", "T", "T"],
        control=[True] * 2 + [False] * 2,
    )
    assert {row.status for row in compare_conditions(wells, min_wells=2)} == {Status.OK}
    assert {row.status for row in compare_conditions(wells)} == {Status.TOO_FEW_EVENTS}
    with pytest.raises(ValueError, match="at least 2"):
        compare_conditions(wells, min_wells=1)


@pytest.mark.parametrize(("n", "status"), [(3, Status.TOO_FEW_EVENTS), (4, Status.OK)])
def test_four_wells_away_from_the_edge_are_the_fewest_that_judge_it(n, status):
    layout = LAYOUTS["48-well"]
    values = np.arange(48.0)
    values[np.flatnonzero(~outer_wells(layout.wells, layout))[n:]] = np.nan
    rows = edge_effect(Wells.of("rate", "Hz", layout.wells, values, recording=["r"] * 48), {"r": layout})
    assert {row.status for row in rows} == {status}
