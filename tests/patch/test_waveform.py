"""The shape of action potentials against analysis, a plain reference and physical bounds."""

from __future__ import annotations

import numpy as np
import pytest
from reference.plain_patch import plain_action_potentials

import mnephys
from mnephys.patch.waveform import AP_COLUMNS, action_potentials

WINDOWS = {
    "patch/171116sh_0018.abf": (0.147, 0.647),
    "patch/18713001.abf": (0.823, 1.323),
    "patch/190619B_0003.abf": (1.048, 2.048),
    "patch/File_axon_5.abf": (0.216, 0.716),
}


def _triangle(rate=100000.0):
    """A rest, a linear rise at 100 mV/ms, a linear fall at 50 mV/ms: every feature by hand."""
    t = np.arange(int(0.1 * rate)) / rate * 1000
    return np.interp(t, [0, 50, 51, 53, 100], [-60, -60, 40, -60, -60])[np.newaxis], rate


def test_a_triangle_has_the_shape_that_it_was_given():
    voltage, rate = _triangle()
    ap = {name: column[0] for name, column in action_potentials(voltage, rate).items()}
    assert ap["peak_voltage"] == pytest.approx(40, abs=1e-3)
    assert ap["peak_time"] == pytest.approx(0.051, abs=1e-5)
    # The low-pass spreads the corner over some 30 us, of which the threshold sees the first part.
    assert ap["threshold_time"] == pytest.approx(0.050, abs=4e-5)
    assert ap["threshold_voltage"] == pytest.approx(-60, abs=1.0)
    half = (40 - ap["threshold_voltage"]) / 2
    assert ap["half_width"] == pytest.approx(half / 100 + half / 50, abs=0.005)
    assert ap["rise_time"] == pytest.approx(0.8 * ap["amplitude"] / 100, abs=0.005)
    assert ap["fall_time"] == pytest.approx(0.8 * ap["amplitude"] / 50, abs=0.005)
    # It never falls below its threshold.
    assert np.isnan(ap["duration"])
    assert ap["max_upstroke"] == pytest.approx(100, rel=0.01)
    assert ap["max_downstroke"] == pytest.approx(-50, rel=0.01)
    assert ap["trough_voltage"] == pytest.approx(-60, abs=1e-3)
    assert ap["fast_ahp"] == pytest.approx(ap["threshold_voltage"] + 60, abs=1e-3)


def test_duration_is_from_the_threshold_to_the_return_to_it():
    rate = 100000.0
    t = np.arange(10000) / rate * 1000
    voltage = np.interp(t, [0, 50, 51, 53.08, 100], [-60, -60, 40, -64, -64])
    ap = {name: column[0] for name, column in action_potentials(voltage, rate).items()}
    # The low-pass lets the threshold see the corner some 30 us before it comes.
    assert ap["duration"] == pytest.approx(ap["amplitude"] / 100 + ap["amplitude"] / 50, abs=0.04)


@pytest.mark.parametrize("name", WINDOWS)
def test_real_action_potentials_equal_the_plain_reference(data, name):
    recording = mnephys.read(data(name))
    start, stop = WINDOWS[name]
    aps = action_potentials(recording.response, recording.sampling_rate, start, stop)
    plain = [
        ap
        for sweep in recording.response
        for ap in plain_action_potentials(sweep, recording.sampling_rate, start, stop)
    ]
    assert len(plain) == aps["sweep"].size
    dt = 1000.0 / recording.sampling_rate

    def difference(column):
        return np.abs(aps[column] - np.array([ap[column] for ap in plain]))

    # Equal to rounding where the voltage itself is read; where the slope decides, the core's gentle
    # low-pass shifts the threshold by less than a sample.
    for exact in ("peak_voltage", "peak_time", "trough_voltage", "trough_time"):
        assert np.nanmax(difference(exact)) < 1e-4, exact
    assert np.nanmax(difference("threshold_time")) * 1000 < dt
    assert np.nanmedian(difference("threshold_voltage")) < 0.5
    assert np.nanmax(difference("threshold_voltage")) < 2.5
    assert np.nanmax(difference("half_width")) < 0.5 * dt
    assert np.nanmedian(difference("half_width")) < 0.1 * dt
    assert np.nanmedian(difference("rise_time")) < 0.2 * dt
    assert np.nanmedian(difference("max_upstroke") / aps["max_upstroke"]) < 0.10


def test_the_second_step_of_a_sweep_leaks_into_nothing(data):
    """eFEL reports half-widths above 1000 ms here, because it searches to the end of the sweep."""
    recording = mnephys.read(data("patch/171116sh_0018.abf"))
    aps = action_potentials(recording.response, recording.sampling_rate, 0.147, 0.647)
    alone = action_potentials(recording.response[:, : int(0.66 * 20000)], recording.sampling_rate, 0.147, 0.647)
    for name in AP_COLUMNS:
        np.testing.assert_allclose(aps[name], alone[name], rtol=1e-5, err_msg=name)
    assert np.nanmax(aps["half_width"]) < 5
    assert aps["trough_time"].max() <= 0.647


def test_peaks_equal_those_of_pyabf_samples(data):
    import pyabf

    abf = pyabf.ABF(str(data("patch/18713001.abf")))
    abf.setSweep(24)
    recording = mnephys.read(data("patch/18713001.abf"))
    aps = action_potentials(recording.response[24], recording.sampling_rate, 0.823, 1.323)
    at = np.rint(aps["peak_time"] * 20000).astype(int)
    np.testing.assert_allclose(aps["peak_voltage"], abf.sweepY[at], atol=1e-4)
    assert len(at) == 9


def test_columns_have_equal_length_and_stated_bounds(data):
    recording = mnephys.read(data("patch/171116sh_0019.abf"))
    aps = action_potentials(recording.response, recording.sampling_rate)
    assert set(aps) == set(AP_COLUMNS)
    assert len({column.size for column in aps.values()}) == 1
    assert (aps["peak_time"] > aps["threshold_time"]).all()
    assert (np.diff(aps["peak_time"])[np.diff(aps["sweep"]) == 0] > 0).all()
    assert (aps["amplitude"] > 0).all()
    known = np.isfinite(aps["half_width"])
    assert (aps["half_width"][known] > 0).all()
    assert known.mean() > 0.95
    assert (aps["max_downstroke"] < 0).all()


def test_a_peak_at_the_last_sample_of_the_step_has_no_trough_and_no_false_width():
    t = np.arange(4000) / 20000.0
    voltage = -70 + 100 * np.exp(-(((t - 0.1) / 0.0006) ** 2))
    aps = action_potentials(voltage[:2002], 20000.0)
    if aps["sweep"].size:
        assert np.isnan(aps["half_width"]).all()


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_a_sampling_rate_that_is_none_is_refused(bad):
    with pytest.raises(ValueError, match="sampling_rate"):
        action_potentials(np.zeros(100), bad)


def test_more_than_two_dimensions_are_refused():
    with pytest.raises(ValueError, match="shape"):
        action_potentials(np.zeros((2, 2, 2)), 20000.0)


def test_a_step_without_end_reaches_to_the_end_of_the_sweep():
    voltage, rate = _triangle()
    assert action_potentials(voltage, rate, 0.0, np.inf)["sweep"].size == 1
    with pytest.raises(ValueError, match="one of them is NaN"):
        action_potentials(voltage, rate, np.nan, 1.0)


def test_no_sweep_has_no_action_potential():
    assert action_potentials(np.zeros((0, 1000)), 20000.0)["sweep"].size == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_bad_sample_anywhere_around_an_action_potential_costs_no_more_than_it(bad):
    t = np.arange(3000) / 20000
    clean = -70 + 100 * (np.exp(-(((t - 0.03) / 0.001) ** 2)) + np.exp(-(((t - 0.1) / 0.001) ** 2)))
    voltage = np.tile(clean, (120, 1))
    voltage[np.arange(120), 540 + np.arange(120)] = bad
    aps = action_potentials(voltage, 20000.0)
    second = np.flatnonzero(np.isclose(aps["peak_time"], 0.1))
    assert aps["sweep"][second].tolist() == list(range(120))
    reference = action_potentials(clean, 20000.0)
    np.testing.assert_allclose(aps["threshold_voltage"][second], reference["threshold_voltage"][1], atol=1e-3)
    assert np.isfinite(aps["peak_voltage"]).all()
    assert np.isfinite(aps["trough_voltage"][~np.isnan(aps["trough_voltage"])]).all()


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_a_trough_that_the_stimulus_cuts_while_the_voltage_falls_is_not_given(cut):
    t = np.arange(8000) / 20000
    after = np.clip(t - 0.1, 0, None) / 0.03
    voltage = (
        -65 + 100 * np.exp(-(((t - 0.1) / np.where(t < 0.1, 0.0006, 0.0012)) ** 2)) - 20 * after * np.exp(1 - after)
    )
    aps = action_potentials(voltage, 20000.0, 0.05, 0.1 + cut / 1000)
    assert np.isnan(aps["trough_voltage"]).all()
    assert np.isnan(aps["trough_time"]).all()
    assert action_potentials(voltage, 20000.0)["trough_voltage"] == pytest.approx(-85.0, abs=0.01)
