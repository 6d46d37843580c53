"""Firing features of trains that were painted, and of real cells against the plain reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.plain_patch import plain_action_potentials, plain_firing, plain_rheobase

import mnephys
from mnephys.measurement import Status
from mnephys.patch.rheobase import rheobases

EVERY_50_MS = list(np.arange(0.025, 0.5, 0.05))


def _cell(table, feature):
    row = table.get(feature)
    assert row is not None
    return row


def _text(table, id_):
    return table.get("firing_pattern", level="sweep", id=id_).text


def test_patterns_are_told_apart(family_of):
    spikes = [[], [], [0.03], [0.03, 0.06, 0.09], EVERY_50_MS, [0.03, 0.1, 0.2, 0.35]]
    table = mnephys.extract(family_of([-20, 0, 20, 40, 60, 80], spikes=spikes))
    names = [_text(table, f"s{i}") for i in range(6)]
    assert names == ["none", "none", "single", "phasic", "sustained", "sustained"]
    assert _cell(table, "firing_pattern").text == "sustained"
    assert [table.get("spike_count", level="sweep", id=f"s{i}").value for i in range(6)] == [0, 0, 1, 3, 10, 4]


def test_rates_and_gain_are_those_of_the_painted_trains(family_of):
    spikes = [[], [], [0.25], list(np.linspace(0.02, 0.48, 5)), EVERY_50_MS]
    table = mnephys.extract(family_of([-20, 0, 20, 40, 60], spikes=spikes))
    assert _cell(table, "rheobase").value == 20
    assert _cell(table, "max_firing_rate").value == pytest.approx(20, rel=1e-3)
    assert _cell(table, "max_sustained_rate").value == pytest.approx(20, rel=1e-3)
    assert _cell(table, "max_instantaneous_rate").value == pytest.approx(20, rel=1e-3)
    assert _cell(table, "fi_gain").value == pytest.approx((20 - 2) / 40, rel=1e-3)
    assert _cell(table, "first_spike_latency").value == pytest.approx(0.249, abs=1e-3)


def test_the_error_of_the_gain_is_the_one_of_linear_regression(data):
    from scipy.stats import linregress

    table = mnephys.extract(mnephys.read(data("patch/18713001.abf")))
    currents = np.arange(0, 300, 10.0)
    rates = np.array([table.get("firing_rate", level="sweep", id=f"s{i}").value for i in range(30)])
    used = slice(int(np.argmax(rates > 0)), int(np.argmax(rates)) + 1)
    line = linregress(currents[used], rates[used])
    assert _cell(table, "fi_gain").value == pytest.approx(line.slope, rel=1e-6)
    assert _cell(table, "fi_gain_error").value == pytest.approx(line.stderr, rel=1e-6)
    assert f"{_cell(table, 'fi_gain_error').value:.2g}" in _cell(table, "fi_gain").reason


def test_the_rheobase_of_every_repeat_is_named(family_of):
    spikes = [[], [0.2], [0.2], [], [], [0.2], [], [0.2], [0.2]]
    row = _cell(mnephys.extract(family_of([0, 20, 40] * 3, spikes=spikes)), "rheobase")
    assert row.value == 20
    assert "20, 40, 20 pA" in row.reason


def test_adaptation_is_last_three_over_first_interval_at_twice_rheobase(family_of):
    peaks = np.cumsum([0.02, 0.02, 0.03, 0.05, 0.07, 0.09, 0.11])
    table = mnephys.extract(family_of([0, 20, 40, 100], spikes=[[], [0.2], list(peaks), EVERY_50_MS]))
    adaptation = _cell(table, "spike_frequency_adaptation")
    assert adaptation.value == pytest.approx((0.07 + 0.09 + 0.11) / 3 / 0.02, rel=0.01)
    assert "40 pA" in adaptation.reason
    intervals = np.diff(peaks)
    assert _cell(table, "isi_cv").value == pytest.approx(intervals.std() / intervals.mean(), rel=0.01)


def test_no_sustained_firing_is_zero_and_says_so(family_of):
    row = _cell(mnephys.extract(family_of([0, 50, 100], spikes=[[], [0.1], [0.02, 0.05]])), "max_sustained_rate")
    assert row.value == 0
    assert "no step" in row.reason


def test_a_cell_that_is_driven_and_silent_has_a_pattern_and_no_rheobase(family_of):
    table = mnephys.extract(family_of([0, 150, 300]))
    assert _cell(table, "firing_pattern").text == "none"
    assert _cell(table, "qc_drive").text == "driven"
    assert _cell(table, "rheobase").status is Status.TOO_FEW_EVENTS
    assert "300 pA" in _cell(table, "rheobase").reason


def test_a_cell_that_is_never_driven_is_not_called_driven(family_of):
    assert _cell(mnephys.extract(family_of([-40, -20, 0, 20])), "qc_drive").text == "not driven"


def test_block_is_the_smallest_current_beyond_sustained_firing_that_stops_depolarised(data):
    recording = mnephys.read(data("patch/171116sh_0019.abf"))
    table = mnephys.extract(recording)
    assert _cell(table, "depolarization_block_current").value == 1500
    assert _cell(table, "depolarization_block").text == "blocked"
    assert _cell(table, "firing_pattern").text == "sustained"
    without = mnephys.extract(mnephys.read(data("patch/18713001.abf")))
    assert _cell(without, "depolarization_block_current").value is None
    assert _cell(without, "depolarization_block").text == "none"


def test_rebound_counts_what_follows_the_release(family_of):
    table = mnephys.extract(family_of([-100, -50, 0, 50], spikes=[[0.52, 0.6], [0.53], [], []]))
    assert _cell(table, "rebound_spike_count").value == 2
    assert _cell(table, "firing_pattern").text == "none"


def test_spontaneous_firing_is_counted_before_the_step_only(family_of):
    table = mnephys.extract(family_of([0, 20], spikes=[[-0.1], [-0.15, -0.05]]))
    assert _cell(table, "spontaneous_rate").value == pytest.approx(3 / 0.4)
    assert _cell(table, "firing_pattern").text == "none"


def test_every_step_of_a_sweep_has_its_rows(data):
    table = mnephys.extract(mnephys.read(data("patch/171116sh_0018.abf")))
    assert table.get("spike_count", level="sweep", id="s7").value == 1
    assert table.get("spike_count", level="sweep", id="s7.2").value == 2
    assert table.get("step_current", level="sweep", id="s16.2").value == 300
    assert _cell(table, "rheobase").value == 50


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_rheobase_per_repeat_equals_a_plain_count(steps):
    order, level, fired = (np.array(column) for column in zip(*steps, strict=True))
    seen: dict[tuple[int, int], int] = {}
    smallest: dict[tuple[int, int], int] = {}
    for o, current, fires in steps:
        repeat = seen.get((o, current), 0)
        seen[o, current] = repeat + 1
        if fires:
            smallest[o, repeat] = min(smallest.get((o, repeat), 99), current)
    found = rheobases(order, level, level.astype(float), fired.astype(int))
    assert sorted(found) == sorted(smallest.values())


@pytest.mark.parametrize(
    ("name", "start", "stop", "currents"),
    [
        ("18713001", 0.8234, 1.3234, np.arange(0, 300, 10.0)),
        ("190619B_0003", 1.0478, 2.0478, np.arange(-120, 421, 60.0)),
    ],
)
def test_real_cells_equal_the_plain_reference(data, name, start, stop, currents):
    recording = mnephys.read(data(f"patch/{name}.abf"))
    table = mnephys.extract(recording)
    rate = recording.sampling_rate
    plain = [plain_firing(plain_action_potentials(s, rate, start, stop), start, stop) for s in recording.response]
    assert _cell(table, "rheobase").value == plain_rheobase([p["count"] for p in plain], currents)
    assert _cell(table, "max_firing_rate").value == pytest.approx(max(p["rate"] for p in plain), rel=1e-3)
    enough = [i for i, p in enumerate(plain) if p["count"] >= 5]
    at = min(enough, key=lambda i: abs(currents[i] - 2 * _cell(table, "rheobase").value))
    assert _cell(table, "spike_frequency_adaptation").value == pytest.approx(plain[at]["spike_frequency_adaptation"])
    assert _cell(table, "isi_cv").value == pytest.approx(plain[at]["isi_cv"])


def test_a_spontaneous_action_potential_is_no_rebound(family_of):
    spikes = [[-0.1, 0.52, 0.6], [-0.05, 0.55], [], []]
    row = _cell(mnephys.extract(family_of([-100, -50, 0, 50], spikes=spikes)), "rebound_spike_count")
    assert row.status is Status.NOT_APPLICABLE
    assert "spontaneously" in row.reason


def test_a_step_that_hardly_hyperpolarises_releases_no_rebound(family_of):
    row = _cell(mnephys.extract(family_of([-10, 0, 50], spikes=[[0.52], [], []])), "rebound_spike_count")
    assert row.status is Status.NOT_APPLICABLE


def test_a_sweep_that_was_aborted_in_the_step_does_not_count_as_a_short_step(family_of):
    recording = family_of([0, 40, 80], spikes=[[], [0.05, 0.25, 0.45], [0.02, 0.05, 0.08, 0.11]])
    whole = _cell(mnephys.extract(recording), "max_sustained_rate").value
    voltage = recording.response.copy()
    voltage[2, 6400:] = np.nan
    aborted = mnephys.extract(replace(recording, response=voltage, n_valid=None))
    assert _cell(aborted, "max_sustained_rate").value == whole == pytest.approx(6, rel=1e-3)
    assert _cell(aborted, "max_firing_rate").value == pytest.approx(6, rel=1e-3)


def test_on_short_steps_sustained_firing_is_not_claimed(family_of):
    table = mnephys.extract(family_of([0, 50, 100], spikes=[[], [0.05], [0.03, 0.09, 0.15]], length=0.2))
    for name in ("firing_pattern", "max_sustained_rate"):
        assert _cell(table, name).status is Status.TOO_FEW_EVENTS
        assert "500 ms" in _cell(table, name).reason
    assert _cell(table, "rheobase").value == 50


@pytest.mark.parametrize("holding", [-50.0, 0.0, 40.0])
def test_rheobase_and_adaptation_count_from_the_holding_current(family_of, holding):
    spikes = [[], [0.2], list(np.cumsum([0.02, 0.03, 0.05, 0.07, 0.09, 0.11]))]
    recording = family_of([0, 20, 40], spikes=spikes)
    held = mnephys.extract(replace(recording, command=recording.command + holding))
    assert _cell(held, "rheobase").value == 20
    assert "at 40 pA" in _cell(held, "spike_frequency_adaptation").reason
