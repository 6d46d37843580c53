"""Beside the peers on real recordings: agreement where they are right, and each known defect of theirs avoided.

eFEL and elephant run in the tests. IPFX pins packages that exclude current ones, so its numbers stand here: IPFX 2.1.2,
`SpikeFeatureExtractor(start, end, filter=0.495 * rate / 1000).process(t, v, i)` on the samples of the same sweeps.
"""

from __future__ import annotations

import numpy as np
import pytest
from reference.peers import efel_action_potentials, efel_values, elephant_peaks, pairs

import mnephys
from mnephys.measurement import Status
from mnephys.patch.waveform import AP_COLUMNS, action_potentials
from mnephys.recording import SpikeTrains

TWO_STEPS = "171116sh_0018", 0.14685, 0.64685
STRONG = "171116sh_0019", 0.14685, 0.64685
STAIRS = "18713001", 0.8234, 1.3234
HIGH_TROUGHS = "190619B_0003", 1.0478, 2.0478
PLAIN = "File_axon_5", 0.2156, 0.7156
PULSE = "File_axon_6", 0.21565, 0.26

# Step (s): sweeps without action potentials, then action potentials and mean peak (mV) of each sweep that follows.
# fmt: off
IPFX = {
    TWO_STEPS: (6, [
        (1, 60.8521), (1, 60.2417), (3, 58.4005), (4, 57.2662), (5, 55.9448), (6, 54.9164), (6, 54.3264), (7, 53.6107),
        (8, 53.0052), (8, 52.7229), (9, 51.9443),
    ]),
    ("171116sh_0018", 1.64685, 2.14685): (6, [
        (1, 60.2722), (2, 59.5703), (3, 57.7189), (4, 56.7551), (5, 55.5664), (6, 54.6570), (6, 54.1585), (7, 53.3098),
        (8, 52.9327), (8, 52.2118), (9, 51.7476),
    ]),
    STRONG: (2, [  # up to the sweep in which the cell begins to fail
        (3, 57.0577), (6, 55.6590), (9, 53.1854), (11, 51.4027), (13, 49.8211), (14, 48.2265), (15, 46.4172),
        (15, 44.4600), (15, 42.4500), (16, 40.5235), (15, 38.3993), (14, 37.1246),
    ]),
    STAIRS: (8, [
        (1, 34.6069), (2, 34.0195), (3, 37.6638), (4, 37.2200), (5, 35.0403), (6, 33.1548), (6, 36.0260), (7, 36.4620),
        (7, 34.6309), (7, 36.1764), (8, 34.5058), (8, 34.2922), (8, 33.1001), (8, 35.9249), (9, 37.8706), (9, 36.5295),
        (9, 35.3665), (9, 34.5001), (9, 35.3631), (9, 35.2766), (10, 35.7910), (9, 33.1150),
    ]),
    HIGH_TROUGHS: (4, [(3, 3.0721), (6, 7.4870), (8, 12.1918), (12, 16.6880), (13, 20.9632), (16, 25.2342)]),
    PLAIN: (6, [(2, 33.6273), (2, 33.4991), (3, 32.0638)]),
    PULSE: (0, [(1, peak) for peak in (
        53.5278, 53.5339, 53.6621, 53.7170, 53.4912, 53.7537, 53.6316, 53.2837, 53.5583, 53.4485, 53.5950, 53.6560,
        53.5278, 53.5522, 54.0161, 54.1199, 53.8086, 53.8635, 54.1504, 54.1687, 54.1931, 54.0771, 54.1992, 54.2114,
        53.8940, 54.3457, 54.4006, 54.2480, 54.2236, 54.4067, 54.3457, 54.4373,
    )]),
}
# fmt: on


def _names(case):
    return f"{case[0]}-{case[1]:g}s"


@pytest.fixture
def sweeps(data):
    """Return voltage and sampling rate of a recording."""

    def load(name):
        recording = mnephys.read(data(f"patch/{name}.abf"))
        return recording.response, recording.sampling_rate

    return load


def _own(sweeps, case):
    voltage, rate = sweeps(case[0])
    return voltage, rate, action_potentials(voltage, rate, *case[1:])


def _efel(voltage, rate, case, **settings):
    # At its default of -20 mV eFEL merges action potentials whose troughs stay above that.
    threshold = 0.0 if case is HIGH_TROUGHS else -20.0
    return efel_action_potentials(voltage, rate, *case[1:], threshold=threshold, **settings)


@pytest.mark.parametrize("case", IPFX, ids=_names)
def test_counts_and_peaks_equal_those_of_ipfx(sweeps, case):
    _, _, aps = _own(sweeps, case)
    silent, expected = IPFX[case]
    shown = aps["sweep"] < silent + len(expected)
    counts = np.bincount(aps["sweep"][shown], minlength=silent + len(expected))
    assert counts.tolist() == [0] * silent + [count for count, _ in expected]
    sums = np.bincount(aps["sweep"][shown], aps["peak_voltage"][shown])[silent:]
    np.testing.assert_allclose(sums / counts[silent:], [peak for _, peak in expected], rtol=0, atol=6e-5)


@pytest.mark.parametrize("case", [TWO_STEPS, STAIRS, HIGH_TROUGHS, PLAIN], ids=_names)
def test_thresholds_and_widths_agree_with_efel_at_the_native_interval(sweeps, case):
    voltage, rate, own = _own(sweeps, case)
    other = _efel(voltage, rate, case)
    # Of two equal samples at the top either may be the peak.
    mine, theirs = pairs(own, other, 1.5 / rate)
    assert mine.size == own["sweep"].size == other["sweep"].size
    np.testing.assert_allclose(own["peak_voltage"][mine], other["peak_voltage"][theirs], rtol=0, atol=1e-4)
    threshold = own["threshold_voltage"][mine] - other["threshold_voltage"][theirs]
    assert abs(np.median(threshold)) < 0.5
    # eFEL begins at the first sample beyond 10 mV/ms, up to one later than the crossing between samples.
    late = (own["threshold_time"][mine] - other["threshold_time"][theirs]) * rate
    assert -1.5 < np.median(late) < 0
    # It also takes the sample nearest to either edge. Where its threshold differs, so does the height of the width.
    shift = 0.5 * np.abs(threshold) * ((own["rise_time"] + own["fall_time"]) / (0.8 * own["amplitude"]))[mine]
    width = own["half_width"][mine] - other["half_width"][theirs]
    right = other["half_width"][theirs] < 10.0
    assert right.mean() > 0.9
    assert np.abs(np.median(width[right])) < 0.5 * 1000.0 / rate
    assert (np.abs(width) <= 1000.0 / rate + shift)[right].all()


def test_where_charging_passes_the_threshold_slope_neither_threshold_is_one_and_only_ours_says_so(data, sweeps):
    """2 nA charge this cell at 18 mV/ms from the onset of the current on: eFEL's threshold is 1.8 mV below ours."""
    voltage, rate, own = _own(sweeps, PULSE)
    other = _efel(voltage, rate, PULSE)
    assert (own["threshold_slope"] > 10.0).all()
    assert (np.abs(other["threshold_time"] - PULSE[1]) <= 5.0 / rate).all()
    np.testing.assert_allclose(own["peak_voltage"], other["peak_voltage"], rtol=0, atol=1e-4)
    table = mnephys.extract(mnephys.read(data("patch/File_axon_6.abf")))
    assert table.get("ap_threshold").status is Status.NOT_APPLICABLE
    assert "charges the membrane faster than 10 mV/ms" in table.get("ap_threshold").reason


def test_the_transient_of_the_electrode_at_the_onset_of_the_current_moves_no_threshold(sweeps):
    """Of the same cell without it, charged evenly from the onset on, eFEL has another threshold."""
    voltage, rate, own = _own(sweeps, PULSE)
    onset = round(PULSE[1] * rate)
    charging = (voltage[:, onset + 9] - voltage[:, onset + 4]) / 5.0
    even = voltage.copy()
    even[:, onset + 1 : onset + 4] = voltage[:, onset + 4 :][:, :1] - charging[:, np.newaxis] * [3, 2, 1]
    moved = _efel(even, rate, PULSE)["threshold_voltage"] - _efel(voltage, rate, PULSE)["threshold_voltage"]
    assert np.median(moved) < -1.0
    np.testing.assert_array_equal(
        action_potentials(even, rate, *PULSE[1:])["threshold_voltage"], own["threshold_voltage"]
    )


def test_a_second_step_does_not_make_widths_of_a_second(sweeps):
    voltage, rate, own = _own(sweeps, TWO_STEPS)
    other = _efel(voltage, rate, TWO_STEPS)
    assert np.sum(other["half_width"] > 1000.0) >= 3
    assert np.nanmax(own["half_width"]) < 3.0
    falls = [values["AP_fall_time"] for values in efel_values(voltage[6:], rate, *TWO_STEPS[1:], ["AP_fall_time"])]
    assert min(np.max(fall) for fall in falls) > 1000.0
    assert np.isfinite(own["half_width"]).all()
    assert np.nanmax(own["fall_time"]) < 10.0


def test_two_steps_are_not_counted_as_one(data, sweeps):
    voltage, rate = sweeps(TWO_STEPS[0])
    assert elephant_peaks(voltage[16:], rate, 0.0, 3.0)["sweep"].size == 18
    spikes = mnephys.extract(mnephys.read(data("patch/171116sh_0018.abf"))).spikes
    last = np.asarray(spikes["sweep"]) == 16
    assert np.bincount(np.asarray(spikes["step"])[last]).tolist() == [9, 9]


def test_no_sample_is_thrown_away(sweeps):
    """eFEL reads every second sample of a 20 kHz recording unless told otherwise, without a low-pass."""
    voltage, rate, own = _own(sweeps, TWO_STEPS)
    names = ["peak_voltage", "AP_peak_upstroke"]
    native, default = (efel_values(voltage, rate, *TWO_STEPS[1:], names, step=step) for step in (None, 0.1))
    fast, slow = ([float(np.max(v["AP_peak_upstroke"])) for v in values[6:]] for values in (native, default))
    assert max(a - b for a, b in zip(fast, slow, strict=True)) > 40.0
    assert (
        max(a["peak_voltage"].max() - b["peak_voltage"].max() for a, b in zip(native[6:], default[6:], strict=True))
        > 0.3
    )
    at = np.rint(own["peak_time"] * rate).astype(int)
    np.testing.assert_array_equal(own["peak_voltage"], voltage[own["sweep"], at])
    steepest = [own["max_upstroke"][own["sweep"] == sweep].max() for sweep in range(6, 17)]
    np.testing.assert_allclose(steepest, fast, rtol=0.05)


def test_a_trough_is_the_lowest_sample_that_was_recorded(sweeps):
    """What eFEL calls the minimum after an action potential differs by up to 13 mV where it skips samples."""
    voltage, rate, own = _own(sweeps, STAIRS)
    native, default = (
        efel_values(voltage[8:], rate, *STAIRS[1:], ["min_AHP_values"], step=step) for step in (None, 0.1)
    )
    moved = [np.abs(b["min_AHP_values"] - a["min_AHP_values"]) for a, b in zip(native, default, strict=True)]
    assert max(map(np.max, moved)) > 13.0
    at = np.rint(own["trough_time"] * rate)
    known = np.isfinite(at)
    np.testing.assert_array_equal(own["trough_voltage"][known], voltage[own["sweep"][known], at[known].astype(int)])
    peak = np.rint(own["peak_time"] * rate).astype(int)
    following = np.append(peak[1:], 0)
    inner = np.flatnonzero(known & (np.append(own["sweep"][1:], -1) == own["sweep"]))
    lowest = [voltage[own["sweep"][i], peak[i] : following[i]].min() for i in inner]
    assert own["trough_voltage"][inner].tolist() == pytest.approx(lowest)


def test_troughs_above_a_fixed_voltage_merge_no_action_potentials(sweeps):
    voltage, rate, own = _own(sweeps, HIGH_TROUGHS)
    wrong = efel_action_potentials(voltage, rate, *HIGH_TROUGHS[1:])
    assert np.bincount(wrong["sweep"].astype(int), minlength=10)[6:].tolist() == [98, 7, 2, 1]
    wrong = elephant_peaks(voltage, rate, *HIGH_TROUGHS[1:], threshold=-20.0)
    assert np.bincount(wrong["sweep"], minlength=10)[6:].tolist() == [98, 7, 2, 1]
    assert np.bincount(own["sweep"], minlength=10)[6:].tolist() == [8, 12, 13, 16]


def test_rise_times_are_positive(sweeps):
    voltage, rate, own = _own(sweeps, HIGH_TROUGHS)
    theirs = efel_values(voltage, rate, *HIGH_TROUGHS[1:], ["AP_rise_time", "AP_amplitude"])
    assert min(np.min(v["AP_rise_time"]) for v in theirs[4:]) < -400.0
    assert [v["AP_amplitude"] is None for v in theirs[4:]] == [False, False, True, True, False, False]
    assert (own["rise_time"] > 0).all()
    assert (own["amplitude"] > 10.0).all()


def test_columns_can_be_zipped_under_strong_drive(sweeps):
    voltage, rate, own = _own(sweeps, STRONG)
    names = ["peak_time", "AP_begin_time", "min_AHP_values", "fast_AHP"]
    theirs = efel_values(voltage[12:13], rate, *STRONG[1:], names)[0]
    assert [len(theirs[name]) for name in names] == [48, 15, 48, 14]
    assert {column.size for column in own.values()} == {own["sweep"].size}
    strongest = own["sweep"] == 12
    assert strongest.sum() == 15
    for name in AP_COLUMNS:
        if name not in ("duration", "fall_time"):  # what does not repolarise to its threshold has no end
            assert np.isfinite(own[name][strongest]).all(), name


def test_the_last_action_potential_has_its_after_hyperpolarisation(sweeps):
    voltage, rate, own = _own(sweeps, TWO_STEPS)
    theirs = efel_values(voltage[16:], rate, *TWO_STEPS[1:], ["peak_time", "fast_AHP"])[0]
    assert len(theirs["fast_AHP"]) == len(theirs["peak_time"]) - 1
    assert np.isfinite(own["fast_ahp"]).all()


def test_what_the_recording_does_not_hold_of_an_action_potential_is_nan_and_nothing_else_changes(sweeps):
    """For want of a comma, IPFX's list of what a cut recording spoils names neither `fast_trough_index` nor `adp_t`."""
    voltage, rate, own = _own(sweeps, TWO_STEPS)
    whole = {name: column[own["sweep"] == 16][3] for name, column in own.items()}
    peak = round(float(whole["peak_time"]) * rate)
    missing = set()
    for recorded in range(20, 120):
        sweep = np.where(np.arange(voltage.shape[1]) < peak + recorded, voltage[16], np.nan)
        for part in (sweep, sweep[: peak + recorded]):
            aps = action_potentials(part, rate, *TWO_STEPS[1:])
            last = {name: column[aps["ap"] == 3][0] for name, column in aps.items() if name != "sweep"}
            missing |= {name for name, value in last.items() if np.isnan(value)}
            if recorded > 0.005 * rate:
                assert np.isfinite(last["fast_ahp"])
            for name, value in last.items():
                if name.startswith("trough"):  # below its threshold the voltage may yet fall a little
                    assert np.isnan(value) or last["trough_voltage"] < last["threshold_voltage"]
                else:
                    assert np.isnan(value) or value == pytest.approx(whole[name], rel=1e-6), (name, recorded)
    assert missing == {"half_width", "duration", "fall_time", "trough_time", "trough_voltage", "fast_ahp"}


def test_bursts_of_sweeps_are_found(sweeps):
    """IPFX 2.1.2: 'burst' is an AttributeError (`spike_features` has no `detect_bursts`), so is 'pause'."""
    voltage, _, own = _own(sweeps, TWO_STEPS)
    counts = np.bincount(own["sweep"], minlength=len(voltage))
    trains = SpikeTrains(own["peak_time"], np.append(0, np.cumsum(counts)), start=TWO_STEPS[1], stop=TWO_STEPS[2])
    found = mnephys.mea.bursts(trains, method="isi-threshold", max_isi=0.05, min_spikes=3)
    expected = []
    for sweep in range(len(voltage)):
        gaps = np.diff(own["peak_time"][own["sweep"] == sweep]) <= 0.05
        runs = "".join("x" if gap else " " for gap in gaps).split()
        expected.append(sum(len(run) >= 2 for run in runs))
    assert sum(expected) >= 4
    assert found.counts.tolist() == expected


def test_sampling_slower_than_twice_a_filter_is_no_error(sweeps):
    """IPFX designs a Bessel filter at 10 kHz whatever the rate; scipy refuses that at 20 kHz and below."""
    from scipy.signal import bessel, resample_poly

    for rate in (20e3, 12.5e3):
        with pytest.raises(ValueError, match="Wn"):
            bessel(4, 10e3 / (rate / 2), "low")
    voltage, rate = sweeps(TWO_STEPS[0])
    expected = [count for count, _ in IPFX[TWO_STEPS][1]]
    # Resampled around its first value: the ends of a trace that is not 0 would ring.
    base = voltage[6:, :1]
    for up, down in ((5, 8), (1, 2), (5, 2)):
        trace = resample_poly(voltage[6:, :20000] - base, up, down, axis=1) + base
        aps = action_potentials(trace, rate * up / down, *TWO_STEPS[1:])
        assert np.bincount(aps["sweep"], minlength=11).tolist() == expected, f"{rate * up / down:g} Hz"


@pytest.mark.parametrize("name", [TWO_STEPS[0], STRONG[0], HIGH_TROUGHS[0], "2020_03_02_0000"])
def test_nothing_is_printed_by_any_library_below(data, capfd, name):
    """eFEL lets LAPACK complain of illegal values when its fits meet NaN."""
    mnephys.extract(mnephys.read(data(f"patch/{name}.abf")), bias=0.0)
    assert capfd.readouterr() == ("", "")


def test_no_value_is_given_twice(data):
    import efel

    theirs = efel.get_feature_names()
    assert len(theirs) > len(set(theirs))
    rows = [(row.feature, row.level, row.id) for row in mnephys.extract(mnephys.read(data("patch/18713001.abf"))).rows]
    assert len(rows) == len(set(rows)) > 100


def test_the_time_at_which_a_sweep_begins_matters_nowhere(sweeps):
    """eFEL takes the last tenth of the time from 0 to the step as baseline: cut the sweep, and it is another."""
    voltage, rate, own = _own(sweeps, STAIRS)
    cut = 8000  # within the prepulse
    names = ["voltage_base"]
    first = efel_values(voltage[:1], rate, *STAIRS[1:], names)[0]["voltage_base"]
    later = efel_values(voltage[:1, cut:], rate, *(edge - cut / rate for edge in STAIRS[1:]), names)[0]["voltage_base"]
    assert abs(first - later) > 0.02
    again = action_potentials(voltage[:, cut:], rate, *(edge - cut / rate for edge in STAIRS[1:]))
    for name in AP_COLUMNS:
        shift = cut / rate if name.endswith("_time") and AP_COLUMNS[name] == "s" else 0.0
        np.testing.assert_allclose(again[name] + shift, own[name], rtol=1e-6, atol=1e-9, err_msg=name)


def test_a_threshold_depends_on_no_other_action_potential(sweeps):
    """IPFX takes 5 % of the mean upstroke of all action potentials of the sweep."""
    voltage, rate, own = _own(sweeps, STAIRS)
    first = own["ap"] == 0
    for sweep in (12, 20, 28):
        end = round(float(own["peak_time"][(own["sweep"] == sweep) & (own["ap"] == 1)][0]) * rate) - 40
        alone = action_potentials(voltage[sweep, :end], rate, STAIRS[1])
        mine = first & (own["sweep"] == sweep)
        assert alone["sweep"].size == 1
        for name in ("threshold_voltage", "half_width"):
            assert alone[name][0] == pytest.approx(own[name][mine][0], rel=1e-9), name


def test_the_current_of_a_user_list_is_the_one_that_was_injected(data):
    """pyABF draws the steps of the table, of which the last is 550 pA; the file holds a list and the current itself."""
    import pyabf

    path = data("patch/2020_03_02_0000.abf")
    abf, recording = pyabf.ABF(str(path)), mnephys.read(path)
    abf.setSweep(15)
    assert abf.sweepC.max() == 550.0
    assert np.median(recording.command[15, 1500:6000]) == pytest.approx(600.0, abs=4.0)


def test_ramps_and_old_protocols_and_sweeps_are_not_lost(data):
    """neo draws a ramp as a step, has no protocol of ABF1, and makes one sweep of three."""
    from neo.rawio import AxonRawIO

    def opened(name):
        reader = AxonRawIO(str(data(f"patch/{name}.abf")))
        reader.parse_header()
        return reader

    segments, _, _ = opened("171116sh_0016").read_raw_protocol()
    assert np.unique(segments[-1][0]).tolist() == [0.0, 100.0]
    ramp = mnephys.read(data("patch/171116sh_0016.abf")).command[-1]
    assert (ramp.min(), ramp.max()) == pytest.approx((90.0, 100.0))
    assert np.unique(ramp).size > 1000
    with pytest.raises(OSError, match="only present in ABF2"):
        opened("190619B_0003").read_raw_protocol()
    steps = mnephys.read(data("patch/190619B_0003.abf")).command[:, 15_000]
    assert steps.tolist() == list(range(-120, 421, 60))
    assert opened("130618-1-12").header["nb_segment"] == [1]
    assert mnephys.read(data("patch/130618-1-12.abf")).n_sweeps == 3
