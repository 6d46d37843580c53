"""The vendor's own numbers: the wells of an export, computed again from the export's electrodes."""

from __future__ import annotations

import numpy as np
import pytest

import mnephys
from mnephys.mea.wells import well_columns

# Averages of the tool; the Statistics Compiler's differ in one, which its reader says.
EXPORTS = (
    "exports/nmt2025_24well_DIV41_neuralMetrics.csv",
    "exports/nmt_24well_agonist_neuralMetrics.csv",
    "exports/axis23_48well_DIV14_statistics.csv",
    *(f"motor_neuron_neural_metrics/DIV{day:02d}.csv" for day in (5, 8, 11, 14, 15, 17, 21, 23, 26, 28, 31, 34)),
)
COLUMNS = (
    *("spike_count", "mean_firing_rate", "isi_cv", "burst_count", "burst_rate", "burst_duration", "spikes_per_burst"),
    *("burst_isi", "inter_burst_interval", "inter_burst_interval_cv", "burst_percentage"),
)
# The export prints six decimals; a mean of a few of them is off by as much.
PRINTED = 1.01e-6


def columns_of(summary):
    """Return electrode columns, the active electrodes, and the well of each, as the core has them."""
    wells = [w for w in summary.layout.wells if summary.table.get("qc_well", level="well", id=w).ok]
    ids = [f"{well}_{label}" for well in wells for label in summary.layout.labels]
    values = {(row.id, row.feature): row.value for row in summary.table if row.level == "electrode" and row.ok}
    electrodes = {name: np.array([values.get((i, name), np.nan) for i in ids], dtype=float) for name in COLUMNS}
    for name in ("spike_count", "burst_count"):
        electrodes[name] = np.nan_to_num(electrodes[name])
    duration = summary.table.get("recording_duration", level="plate").value
    group = np.repeat(np.arange(len(wells)), len(summary.layout.labels))
    return wells, electrodes, electrodes["spike_count"] * 60 / duration >= 5, group


@pytest.mark.parametrize("name", EXPORTS)
def test_every_average_of_a_well_follows_from_its_electrodes(data, name):
    summary = mnephys.read(data(f"mea/{name}"))
    wells, electrodes, active, group = columns_of(summary)
    found = well_columns(electrodes, active, group, len(wells))
    compared = dict.fromkeys(found, 0)
    for i, well in enumerate(wells):
        for feature, column in found.items():
            row = summary.table.get(feature, level="well", id=well)
            if row is None or not row.ok:
                continue
            if feature == "isi_cv" and "statistics" in name:
                assert "mean over electrodes with 3 spikes" in row.reason or row.value == pytest.approx(column[i])
                continue
            assert column[i] == pytest.approx(row.value, abs=PRINTED, rel=PRINTED), f"{well} {feature}"
            compared[feature] += 1
    wanted = {f for f in found if f != "isi_cv" or "statistics" not in name}
    # On the first days hardly an electrode bursts.
    assert {f for f, n in compared.items() if n} >= wanted - {"inter_burst_interval_cv"}


@pytest.mark.parametrize("name", EXPORTS)
def test_rates_and_activity_follow_from_counts(data, name):
    summary = mnephys.read(data(f"mea/{name}"))
    table, duration = summary.table, summary.table.get("recording_duration", level="plate").value
    n = len(summary.layout.labels)
    checked = 0
    for row in table.select("spike_count", level="well"):
        if row.ok:
            rate = table.get("mean_firing_rate", level="well", id=row.id).value
            assert rate == pytest.approx(row.value / duration / n, abs=PRINTED)
            fraction = table.get("active_electrode_fraction", level="well", id=row.id).value
            assert fraction == table.get("active_electrode_count", level="well", id=row.id).value / n
            bursts = table.get("network_burst_count", level="well", id=row.id).value
            burst_rate = table.get("network_burst_rate", level="well", id=row.id)
            assert burst_rate.value == pytest.approx(bursts / duration, abs=PRINTED)
            checked += 1
    assert checked >= 24
