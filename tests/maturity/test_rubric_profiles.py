"""The built-in profiles: what they rest on, and what they make of published cells."""

from __future__ import annotations

import re

import pytest

from mnephys.maturity import score_cell
from mnephys.maturity.network_score import score_networks
from mnephys.maturity.parse_scale import rubric_names
from mnephys.maturity.rubric_set import load_any
from mnephys.maturity.rubric_text import gates_of
from mnephys.maturity.scale import Basis, Role
from mnephys.maturity.well_case import WellCase
from mnephys.measurement import FeatureTable, Measurement
from mnephys.pipeline.rubrics import load_any_rubric

NAMES = rubric_names()
SPINAL, BRAINSTEM, CORTICAL = (load_any(f"{kind}_motor_neuron") for kind in ("spinal", "brainstem", "cortical"))
RODENT, NETWORK = load_any("rodent_mea"), load_any("network")

UNITS = {
    "resting_membrane_potential": "mV",
    "input_resistance": "MOhm",
    "membrane_capacitance": "pF",
    "ap_amplitude": "mV",
    "ap_half_width": "ms",
    "ap_threshold": "mV",
    "ap_peak": "mV",
    "max_sustained_rate": "Hz",
    "rheobase": "pA",
    "first_spike_latency": "s",
    "fi_gain": "Hz/pA",
    "sag_ratio": "1",
    "depolarization_block_current": "pA",
    "spike_frequency_adaptation": "1",
    "spsc_frequency": "Hz",
}


def score(rubric, pattern="", **numbers):
    rows = [Measurement(name, value, "", UNITS[name]) for name, value in numbers.items()]
    if pattern:
        rows.append(Measurement("firing_pattern", None, pattern, "1"))
        rows.append(Measurement("qc_drive", None, "driven", "1", reason="the steady state reached -5 mV"))
    return score_cell(FeatureTable(tuple(rows)), rubric=rubric)


def points(found):
    return {line.feature: line.points for line in found.criteria if line.points is not None}


@pytest.mark.parametrize("name", NAMES)
def test_each_is_valid_named_as_its_file_and_says_how_well_founded_it_is(name):
    rubric = load_any_rubric(name)
    assert rubric.name == name
    assert re.fullmatch(r"\d+\.\d+\.\d+", rubric.version)
    assert len(rubric.note.split()) > 30
    assert sum(domain.weight for domain in rubric.domains.values()) == pytest.approx(1)


@pytest.mark.parametrize("name", NAMES)
def test_each_reference_is_used_and_what_counts_says_what_it_rests_on(name):
    rubric = load_any(name)
    used = {key for criterion in rubric.criteria.values() for keys in criterion.source.values() for key in keys}
    for gate in (gate for gates in gates_of(rubric).values() for gate in gates):
        used |= {*gate.source, *(key for inner in gate.any_of for key in inner.source)}
    assert used == set(rubric.references)
    new = {"brainstem_motor_neuron", "cortical_motor_neuron", "rodent_mea"}
    if name in new:
        assert all(c.note for c in rubric.counted if c.role in {Role.SCORED, Role.PENALTY})


def test_where_no_source_allows_a_cut_there_is_none():
    def reported(rubric):
        return {name for name, criterion in rubric.criteria.items() if criterion.role is Role.REPORTED}

    assert reported(BRAINSTEM) - reported(SPINAL) == {
        "max_sustained_rate",
        "na_current_peak",
        "spsc_frequency",
        "spsc_amplitude",
        "medium_ahp_decay_time",
    }
    assert not [c for c in CORTICAL.criteria.values() if c.role is Role.IDENTITY]
    assert [c.feature for c in RODENT.counted] == ["sttc"]


def test_the_cortical_profile_rests_on_proxies_alone_and_on_no_spinal_cell():
    assert {criterion.basis for criterion in CORTICAL.counted} == {Basis.PROXY}
    spinal = {"leroy2014", "sharples2021", "martinez2018", "durand2015", "rat2005", "omn", "cranial"}
    assert not spinal & {key for c in CORTICAL.counted for keys in c.source.values() for key in keys}


# Means as the compiled table prints them: hypoglossal P7 mouse, abducens P6.5 rat, ambiguus P8 mouse, P2 rat; slow and
# fast oculomotor neurons.
CRANIAL = [
    {"input_resistance": 111, "resting_membrane_potential": -59, "ap_amplitude": 69, "ap_half_width": 1.6},
    {"input_resistance": 457, "resting_membrane_potential": -57.9, "ap_amplitude": 64, "ap_half_width": 1.5},
    {
        "input_resistance": 246.6,
        "resting_membrane_potential": -70.3,
        "ap_amplitude": 85.5,
        "membrane_capacitance": 60.8,
    },
    {"input_resistance": 78.6, "resting_membrane_potential": -53.2, "ap_threshold": -27.4},
    {"input_resistance": 97.3, "resting_membrane_potential": -56.9, "ap_amplitude": 88, "ap_half_width": 0.9},
    {"input_resistance": 37.2, "resting_membrane_potential": -59.1, "ap_amplitude": 93.7, "ap_half_width": 0.7},
]


@pytest.mark.parametrize("numbers", CRANIAL)
def test_published_cranial_motor_neurons_miss_no_mature_cut_of_the_brainstem_profile(numbers):
    assert points(score(BRAINSTEM, "sustained", **numbers)) == dict.fromkeys([*numbers, "firing_pattern"], 1.0)


def test_a_whole_oculomotor_neuron_is_mature():
    numbers = CRANIAL[4] | {"membrane_capacitance": 114.2, "ap_threshold": -43.7, "ap_peak": 44.3}
    found = score(BRAINSTEM, "sustained", **numbers, spike_frequency_adaptation=1.5)
    assert (found.stage, found.claim) == ("mature", "mature_in_vitro")


def test_the_mildest_cranial_resting_potential_would_fail_by_the_spinal_cut():
    numbers = {"resting_membrane_potential": -53.2}
    assert points(score(SPINAL, "sustained", **numbers))["resting_membrane_potential"] == pytest.approx(0.82)


# Cortical organoids of 12 weeks; iPSC-derived cortical neurons called mature by their authors.
YOUNG = {"ap_amplitude": 48.7, "ap_half_width": 7.59, "input_resistance": 8150, "max_sustained_rate": 1.73}
GROWN = {
    "resting_membrane_potential": -58.2,
    "ap_threshold": -50.9,
    "ap_amplitude": 66.5,
    "ap_half_width": 2.5,
    "input_resistance": 302,
    "max_sustained_rate": 11.9,
    "ap_peak": 15.6,
}


def test_young_and_grown_cortical_neurons_by_the_cortical_profile():
    young = score(CORTICAL, "phasic", **YOUNG)
    assert (young.stage, young.maturity_index) == ("immature", pytest.approx(0.35 * 0.25 / 0.9))
    grown = score(CORTICAL, "sustained", **GROWN, spsc_frequency=1.09)
    assert (grown.stage, grown.claim, grown.maturity_index) == ("mature", "mature_in_vitro", 1.0)


def test_repetitive_firing_and_adaptation_do_not_show_that_a_cortical_neuron_is_integrated():
    found = score(CORTICAL, "sustained", **GROWN, spike_frequency_adaptation=2.0)
    assert (found.stage, found.claim) == ("indeterminate", "excitable")
    assert any("synaptic" in reason for reason in found.reasons)
    assert score(CORTICAL, "sustained", **GROWN, spsc_frequency=0.1).stage == "intermediate"


# Delayed-firing (fast) motor neurons of neonatal mice.
FAST = {
    "resting_membrane_potential": -64,
    "input_resistance": 19.2,
    "ap_threshold": -33,
    "ap_amplitude": 89,
    "ap_half_width": 1.4,
    "ap_peak": 56,
    "max_sustained_rate": 20,
    "spike_frequency_adaptation": 1.5,
}


def test_a_healthy_fast_motor_neuron_is_mature_and_what_marks_it_makes_no_points():
    plain = score(SPINAL, "sustained", **FAST)
    marked = score(SPINAL, "sustained", **FAST, rheobase=1200, first_spike_latency=3.0, fi_gain=0.01, sag_ratio=0.5)
    assert (plain.stage, plain.maturity_index) == (marked.stage, marked.maturity_index) == ("mature", 1.0)


@pytest.mark.parametrize("rubric", [SPINAL, BRAINSTEM, CORTICAL], ids=lambda rubric: rubric.name)
def test_block_at_strong_drive_changes_nothing_and_silence_is_not_told_from_disease(rubric):
    numbers = {**FAST, "spsc_frequency": 1.0}
    plain = score(rubric, "sustained", **numbers)
    blocked = score(rubric, "sustained", **numbers, depolarization_block_current=300)
    assert (plain.stage, plain.maturity_index) == (blocked.stage, blocked.maturity_index) == ("mature", 1.0)
    silent = score(rubric, "none", resting_membrane_potential=-70, input_resistance=30)
    assert silent.stage == "immature"
    note = " ".join(rubric.note.split())
    assert "hypo-excitable disease phenotype cannot be told" in note
    assert "matched control" in note
    assert "epolarisation block at strong drive" in note


def well(**numbers):
    units = {name: criterion.unit for name, criterion in NETWORK.criteria.items()}
    rows = {n: Measurement(n, v, "", units[n], level="well", id="A1") for n, v in numbers.items()}
    return WellCase("p A1", "p", "A1", "p.h5", {}, rows, {})


def test_a_rodent_well_is_scored_by_synchrony_alone():
    active = {"active_electrode_fraction": 0.8, "active_electrode_count": 13.0}
    quiet = {"burst_percentage": 0.0, "network_burst_percentage_axis_2015": 0.0}
    for bursts in ({}, quiet):
        (found, _) = score_networks([well(**active, **bursts, sttc=0.325)], RODENT)
        assert (found.network_stage, found.maturity_index) == ("organised", pytest.approx(0.75))
    (found, _) = score_networks([well(**active, burst_percentage=90.0, sttc=0.02)], RODENT)
    assert (found.network_stage, found.maturity_index) == ("emerging", 0.0)
    (found, _) = score_networks([well(active_electrode_fraction=0.06, active_electrode_count=1.0, sttc=0.5)], RODENT)
    assert (found.network_stage, found.maturity_index) == ("absent", 0.0)
