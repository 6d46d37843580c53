"""Cells made of plain numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mnephys.measurement import FeatureTable, Measurement

# The units that the feature core states, written down here a second time on purpose.
UNITS = {
    "resting_membrane_potential": "mV",
    "baseline_potential": "mV",
    "input_resistance": "MOhm",
    "membrane_time_constant": "ms",
    "membrane_capacitance": "pF",
    "sag_ratio": "1",
    "rheobase": "pA",
    "firing_pattern": "1",
    "max_firing_rate": "Hz",
    "max_sustained_rate": "Hz",
    "fi_gain": "Hz/pA",
    "first_spike_latency": "s",
    "spike_frequency_adaptation": "1",
    "rebound_spike_count": "1",
    "depolarization_block_current": "pA",
    "abortive_spike_count": "1",
    "ap_threshold": "mV",
    "ap_peak": "mV",
    "ap_amplitude": "mV",
    "ap_half_width": "ms",
    "ap_max_upstroke": "mV/ms",
    "ap_max_downstroke": "mV/ms",
    "fast_ahp": "mV",
    "medium_ahp": "mV",
    "medium_ahp_decay_time": "ms",
    "na_current_peak": "pA",
    "spsc_frequency": "Hz",
    "spsc_amplitude": "pA",
    "series_resistance": "MOhm",
    "qc_holding_current": "pA",
    "qc_drift": "mV",
}


@pytest.fixture(scope="session")
def units() -> dict[str, str]:
    return UNITS


@pytest.fixture(scope="session")
def cell() -> Callable[..., FeatureTable]:
    """Return the table of one recording; numbers by feature, the pattern and the drive as texts."""

    def build(
        pattern: str = "",
        drive: str = "driven",
        *,
        recording: str = "",
        why: str = "the steady state reached -5 mV",
        **numbers: float,
    ) -> FeatureTable:
        rows = [Measurement(name, value, "", UNITS[name], recording=recording) for name, value in numbers.items()]
        if pattern:
            rows.append(Measurement("firing_pattern", None, pattern, "1", recording=recording))
        if drive:
            rows.append(Measurement("qc_drive", None, drive, "1", reason=why, recording=recording))
        return FeatureTable(tuple(rows))

    return build
