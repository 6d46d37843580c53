"""The declared features of the voltage-clamp room, apart from quality control."""

from __future__ import annotations

from mnephys.measurement import Feature
from mnephys.patch.currents.activation import CLAMP_TAUS, CLEAR_NOISE, DRIVING_FORCE_MV, LASTING_SHARE, WIDEST_HALF_MV
from mnephys.patch.currents.membrane_test import LARGEST_STEP_MV, SUBTHRESHOLD_MV
from mnephys.patch.currents.peaks import INWARD_MS, SUSTAINED_SHARE
from mnephys.patch.quality import FEATURES as CLAMP_FEATURES

__all__ = ["FEATURES"]

_CELL = ("cell",)
_BOTH = ("cell", "sweep")
_OWN = "mnephys"
_SMALL = {"largest_step_mv": LARGEST_STEP_MV}
_PEAK = {"window_ms": INWARD_MS}
_REVERSAL = {"clear_noise": CLEAR_NOISE, "lasting_share": LASTING_SHARE}
_LATE = {"last_share": SUSTAINED_SHARE}
_CURVE = {"driving_force_mv": DRIVING_FORCE_MV, "clamp_taus": CLAMP_TAUS, "widest_half_mv": WIDEST_HALF_MV, **_PEAK}

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "series_resistance",
            "MOhm",
            _BOTH,
            "Test step over the current at its instant, to which the fitted charging is drawn back",
            _OWN,
            (0.5, 500.0),
            _SMALL,
        ),
        Feature(
            "series_resistance_peak",
            "MOhm",
            _CELL,
            "Test step over the recorded peak: larger, because the filter lowers the peak",
            _OWN,
            (0.5, 1000.0),
            _SMALL,
        ),
        Feature(
            "membrane_test_resistance",
            "MOhm",
            _CELL,
            "Test step over its steady current, minus the series resistance",
            _OWN,
            (1.0, 1e5),
            _SMALL,
        ),
        Feature(
            "membrane_test_capacitance",
            "pF",
            _CELL,
            "Charge under the fitted decay of the test steps, per mV that reaches the membrane",
            "10.1007/s10827-011-0346-8",
            (0.5, 1e4),
            _SMALL,
        ),
        Feature(
            "membrane_test_capacitance_charge",
            "pF",
            _CELL,
            "The same from the area under the current itself",
            "10.1007/s10827-011-0346-8",
            (0.5, 1e4),
            _SMALL,
        ),
        Feature(
            "qc_series_resistance_change", "%", _CELL, "Series resistance of the last sweeps against the first", _OWN
        ),
        Feature(
            "leak_conductance",
            "nS",
            _CELL,
            "Slope of the subthreshold current just after charging",
            "10.1085/jgp.70.5.549",
            (-10.0, 1e4),
            {"subthreshold_mv": SUBTHRESHOLD_MV},
        ),
        Feature("holding_current", "pA", _CELL, "Median current before the steps", _OWN, (-1e5, 1e5)),
        Feature(
            "qc_holding_drift", "pA", _CELL, "Largest minus smallest holding current of the sweeps used", _OWN, (0, 1e6)
        ),
        CLAMP_FEATURES["qc_stability"],
        Feature("na_current_peak", "pA", _CELL, "Largest fast inward current, leak-corrected", _OWN, (-1e5, 0), _PEAK),
        Feature("na_current_peak_raw", "pA", _CELL, "The same sample as recorded", _OWN, (-1e5, 1e5), _PEAK),
        Feature("na_current_density", "pA/pF", _CELL, "Na current peak over capacitance", _OWN, (-1e4, 0)),
        Feature(
            "na_reversal_potential",
            "mV",
            _CELL,
            "Where the leak-corrected fast current reverses",
            _OWN,
            (-20, 120),
            _REVERSAL,
        ),
        Feature("na_reversal_potential_raw", "mV", _CELL, "The same as recorded", _OWN, (-20, 120), _REVERSAL),
        Feature(
            "na_activation_half",
            "mV",
            _CELL,
            "Half-activation of the Na conductance (Boltzmann)",
            "10.1113/jphysiol.1952.sp004764",
            (-90, 30),
            _CURVE,
        ),
        Feature("na_activation_half_low", "mV", _CELL, "Lower 95 % confidence limit of half-activation", _OWN),
        Feature("na_activation_half_high", "mV", _CELL, "Upper 95 % confidence limit of half-activation", _OWN),
        Feature("na_activation_slope", "mV", _CELL, "Slope factor of the same curve", _OWN, (0.3, 40), _CURVE),
        Feature("na_activation_slope_low", "mV", _CELL, "Lower 95 % confidence limit of the slope factor", _OWN),
        Feature("na_activation_slope_high", "mV", _CELL, "Upper 95 % confidence limit of the slope factor", _OWN),
        Feature(
            "k_current_sustained",
            "pA",
            _CELL,
            "Mean leak-corrected current of the last tenth of the step to +40 mV or the most depolarised",
            _OWN,
            (-1e4, 1e6),
            _LATE,
        ),
        Feature("k_current_sustained_raw", "pA", _CELL, "The same as recorded", _OWN, (-1e5, 1e6), _LATE),
        Feature("k_current_density", "pA/pF", _CELL, "Sustained K current over capacitance", _OWN, (-1e3, 1e4)),
        Feature(
            "k_a_current_peak",
            "pA",
            _CELL,
            "Largest outward difference between hyperpolarised and depolarised prepulses",
            "10.1113/jphysiol.1971.sp009365",
            (-1e3, 1e6),
        ),
        Feature("na_k_ratio", "1", _CELL, "Size of the Na peak over the sustained K current", _OWN, (0, 1e4)),
        Feature(
            "qc_voltage_error",
            "mV",
            _CELL,
            "Largest current at a Na peak or the end of a step times series resistance",
            _OWN,
            (0, 1e4),
        ),
        Feature("qc_escape_spikes", "1", _CELL, "Steps with a suspected spike that escaped the clamp", _OWN, (0, 1e6)),
    )
}
"""The features of membrane test, holding current, leak, Na and K currents."""
