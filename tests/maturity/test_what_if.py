"""What would change a stage, against a plain walk along each feature."""

import itertools
import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mnephys.maturity.combine import Drive
from mnephys.maturity.network_rubric import load_network_rubric
from mnephys.maturity.network_what_if import what_if_of_well
from mnephys.maturity.rubric import load_rubric
from mnephys.maturity.stage import judge
from mnephys.maturity.what_if import UNDECIDED, Change, changes, resolutions

RUBRIC = load_rubric()
GATES = tuple(gate for claim in RUBRIC.claims.values() for gate in claim)
PATTERNS = list(RUBRIC.criteria["firing_pattern"].categories)
RANGES = {
    "max_sustained_rate": (0, 20),
    "ap_amplitude": (30, 90),
    "ap_half_width": (1, 6),
    "ap_threshold": (-45, 0),
    "ap_peak": (-20, 40),
    "resting_membrane_potential": (-70, -35),
    "input_resistance": (200, 1500),
    "membrane_capacitance": (10, 80),
    "na_current_peak": (-2000, -100),
    "spike_frequency_adaptation": (0.8, 2.0),
    "rebound_spike_count": (0, 2),
    "spsc_frequency": (0, 1),
}
CELL = {"ap_amplitude": 70.0, "ap_peak": 20.0, "max_sustained_rate": 15.0, "membrane_capacitance": 60.0}
CELL |= {"resting_membrane_potential": -60.0, "input_resistance": 400.0}


def stage_of(numbers, categories):
    return judge(RUBRIC, numbers, categories, Drive.DRIVEN).stage.value


def walked(numbers, categories, name, now, step):
    """Return the first other stages met on a walk in small steps, and where."""
    low, high = RANGES[name]
    reach, found = 1.5 * (high - low), []
    for way in (-1, 1):
        stage, value = now, numbers[name]
        for _ in range(math.ceil(reach / step)):
            value += way * step
            if name == "na_current_peak" and value > 0:
                break
            if (there := stage_of({**numbers, name: value}, categories)) != stage:
                stage = there
                if stage not in {now, UNDECIDED}:
                    found.append((stage, value))
    return found


@settings(max_examples=15, deadline=None)
@given(st.fixed_dictionaries({name: st.floats(*span) for name, span in RANGES.items()}), st.sampled_from(PATTERNS))
def test_turning_points_are_those_of_a_walk(numbers, pattern):
    categories = {"firing_pattern": pattern}
    now = stage_of(numbers, categories)
    found = changes(RUBRIC, GATES, numbers, categories, stage_of)
    for name, (low, high) in RANGES.items():
        own = [change for change in found if change.feature == name]
        step = (high - low) / 150
        expected = walked(numbers, categories, name, now, step)
        assert sorted(change.stage for change in own) == sorted(stage for stage, _ in expected)
        for change in own:
            assert any(s == change.stage and abs(value - change.needed) <= 1.01 * step for s, value in expected)
            assert stage_of({**numbers, name: change.needed}, categories) == change.stage


@pytest.mark.parametrize("pattern", PATTERNS)
def test_categories_turn_at_the_nearest_that_makes_a_difference(pattern):
    numbers = {**CELL, "ap_half_width": 2.0, "spike_frequency_adaptation": 1.5}
    found = [c for c in changes(RUBRIC, GATES, numbers, {"firing_pattern": pattern}, stage_of) if not c.unit]
    by_pattern = {each: stage_of(numbers, {"firing_pattern": each}) for each in PATTERNS}
    assert len(set(by_pattern.values())) == 3
    for change in found:
        assert (change.found, change.feature) == (pattern, "firing_pattern")
        assert by_pattern[change.needed] == change.stage != by_pattern[pattern]
        between = sorted((PATTERNS.index(pattern), PATTERNS.index(change.needed)))
        inner = PATTERNS[between[0] + 1 : between[1]]
        assert change.stage not in {by_pattern[each] for each in inner}
    assert {change.stage for change in found} == set(by_pattern.values()) - {by_pattern[pattern]}


def test_a_magnitude_keeps_its_sign():
    def small(numbers, _):
        return "immature" if abs(numbers["na_current_peak"]) < 750 else "mature"

    (change,) = changes(RUBRIC, (), {"na_current_peak": -900.0}, {}, small)
    assert -750 < change.needed < -749.5
    assert change.stage == "immature"


def test_a_feature_without_cuts_and_gates_changes_nothing():
    assert changes(RUBRIC, (), {"sag_ratio": 0.9}, {}, lambda *_: "mature") == ()


@pytest.mark.parametrize(
    ("found", "needed", "unit", "said"),
    [
        (2.9, 2.9531, "ms", "With AP half-width of 2.96 ms or more instead of 2.9 ms it would be intermediate."),
        (-30.0, -23.695, "mV", "With AP half-width of -23.6 mV or more instead of -30 mV it would be intermediate."),
        (8.0, 6.4998, "1", "With AP half-width of 6.49 or less instead of 8 it would be intermediate."),
        (15.0, 0.0, "mV", "With AP half-width of 0 mV or less instead of 15 mV it would be intermediate."),
        ("phasic", "single", "", "With AP half-width single instead of phasic it would be intermediate."),
    ],
)
def test_sentences_round_to_the_far_side(found, needed, unit, said):
    assert Change("ap_half_width", "AP half-width", found, needed, unit, "intermediate").sentence == said


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from([*RANGES, "firing_pattern"]), min_size=1, max_size=9), st.sampled_from(PATTERNS[2:]))
def test_what_is_measured_in_addition_decides_and_none_of_it_can_be_spared(missing, pattern):
    full = {**CELL, "ap_half_width": 2.0, "ap_threshold": -35.0, "spike_frequency_adaptation": 1.5}
    numbers = {name: value for name, value in full.items() if name not in missing}
    categories = {} if "firing_pattern" in missing else {"firing_pattern": pattern}
    found = resolutions(RUBRIC, GATES, numbers, categories, stage_of)
    if stage_of(numbers, categories) != UNDECIDED:
        assert found == ()
        return
    assume(found)
    for resolution in found:
        assert not set(resolution.features) & {*numbers, *categories}
        stages = [ends(resolution.features, numbers, categories, mature=mature) for mature in (True, False)]
        assert stages == [resolution.if_mature, resolution.if_immature]
        assert UNDECIDED not in stages
        for fewer in itertools.combinations(resolution.features, len(resolution.features) - 1):
            assert UNDECIDED in [ends(fewer, numbers, categories, mature=mature) for mature in (True, False)]


def ends(features, numbers, categories, *, mature):
    """Return the stage with features far beyond their cuts."""
    values, named = dict(numbers), dict(categories)
    beyond = {"rebound_spike_count": (5.0, 0.0), "spike_frequency_adaptation": (3.0, 0.5), "ap_peak": (60.0, -30.0)}
    for name in features:
        criterion = RUBRIC.criteria[name]
        if name == "firing_pattern":
            named[name] = PATTERNS[-1 if mature else 0]
        elif name in beyond:
            values[name] = beyond[name][0 if mature else 1]
        else:
            span = criterion.mature - criterion.immature
            values[name] = criterion.mature + span if mature else criterion.immature - span
    return stage_of(values, named)


def test_a_decided_stage_needs_no_measurement():
    assert resolutions(RUBRIC, GATES, {}, {"firing_pattern": "none"}, stage_of) == ()


def well(**numbers):
    return [
        {"feature": name, "value": value, "unit": "1", "status": "ok" if value is not None else "not_applicable"}
        for name, value in numbers.items()
    ]


def test_a_well_without_synchrony_is_told_to_have_it_measured():
    lines = well(active_electrode_fraction=0.8, active_electrode_count=12.0, burst_percentage=40.0, sttc=None)
    lines += well(network_burst_percentage_axis_2015=70.0)
    _, found = what_if_of_well(lines, load_network_rubric())
    assert [resolution.features for resolution in found] == [("sttc",)]
    assert (found[0].if_mature, found[0].if_immature) == ("organised", "emerging")
    assert found[0].sentence.startswith("To decide, measure spike time tiling coefficient: organised if it reaches")


def test_a_well_says_how_much_more_synchrony_it_would_need():
    lines = well(active_electrode_fraction=0.8, active_electrode_count=12.0, burst_percentage=40.0, sttc=0.1)
    lines += well(network_burst_percentage_axis_2015=70.0)
    found, decided = what_if_of_well(lines, load_network_rubric())
    (change,) = [change for change in found if change.feature == "sttc"]
    # Half of the points are at the intermediate cut.
    assert change.needed == pytest.approx(0.15, abs=1e-4)
    assert (change.stage, decided) == ("organised", ())
