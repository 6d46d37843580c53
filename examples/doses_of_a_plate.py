"""Doses of two drugs on one plate: baseline, control wells, assay quality, a dose table, and effects of the plate."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import mnephys
from mnephys.mea import plate

LAYOUT = mnephys.recording.LAYOUTS["48-well"]
rng = np.random.default_rng(1)

# In your own work: a sheet of your own, and two recordings, before and after dosing. Here column 1 is given the
# vehicle, columns 2 to 4 a drug that silences, 5 to 7 one that excites, and column 8 TTX; spikes are drawn by chance.
FACTORS = {"1": 1.0, "2": 0.9, "3": 0.5, "4": 0.1, "5": 1.1, "6": 1.6, "7": 2.5, "8": 0.0}
TREATED = {
    "1": ("DMSO", "", ""),
    **{column: ("CNQX", dose, "uM") for column, dose in zip("234", ("0.3", "3", "30"), strict=True)},
    **{column: ("bicuculline", dose, "uM") for column, dose in zip("567", ("1", "10", "100"), strict=True)},
    "8": ("TTX", "1", "uM"),
}


def record(factors: dict[str, float], own: dict[str, float]) -> mnephys.recording.PlateRecording:
    """Draw 120 s of spikes: every electrode of a well at the well's own rate times the factor of its column."""
    electrodes = mnephys.recording.plate.electrodes_of(LAYOUT)
    rates = [own[well] * factors[well[1:]] for well in electrodes["well"].tolist()]
    times = [rng.uniform(0, 120, rng.poisson(120 * rate)) for rate in rates]
    trains = mnephys.recording.SpikeTrains.from_lists(times, electrodes["well"].tolist(), stop=120.0)
    return mnephys.recording.PlateRecording(LAYOUT, electrodes, trains)


rates = {well: float(rng.lognormal(0.5, 0.4)) for well in LAYOUT.wells}
recordings = {"before.csv": record(dict.fromkeys(FACTORS, 1.0), rates), "after.csv": record(FACTORS, rates)}

lines = ["recording,plate,well,treatment,dose,dose_unit"]
lines += ["before.csv,P1,,,,"]
lines += [",".join(("after.csv", "P1", well, *TREATED[well[1:]])) for well in LAYOUT.wells]
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "samples.csv")
    path.write_text("\n".join(lines), encoding="utf-8")
    sheet = mnephys.load_sheet(path)

# From recordings and sheet to one feature of all wells.
wells_of = {name: mnephys.samples.PlateWells(LAYOUT.name, LAYOUT.wells) for name in recordings}
subjects, problems = mnephys.samples.group_wells(wells_of, sheet)
assert not problems
tables = {name: mnephys.extract(recording) for name, recording in recordings.items()}
rate = plate.well_values("weighted_mean_firing_rate", tables, subjects)
print(rate)

# Each well beside itself before the dose, then beside the vehicle.
change = plate.to_baseline(rate, rate.recording == "before.csv", "percent")
print(plate.to_controls(change).values.round(0).reshape(LAYOUT.rows, LAYOUT.columns))

for row in plate.compare_conditions(change):
    print(f"{row.feature:15} {row.id:60} {'' if row.value is None else round(row.value, 2)} ({row.reason})")

# The same as the rows that `mnephys plate` writes: TTX is the positive control, so that its Z factor is Z'.
for record in plate.condition_records(change, positive="TTX"):
    if record["role"] != "control":
        print(f"{record['treatment']:12} {record['dose']:g} {record['dose_unit']}", record["percent_effect"])

table = plate.dose_table(change)
print(table.to_frame()[["treatment", "dose", "n_measured", "percent_of_control", "low", "high"]].round(1))

active = plate.well_values("active_electrode_count", tables, subjects)
for row in plate.plate_quality(active, [rate], dict.fromkeys(recordings, LAYOUT)):
    print(row.recording, row.feature, row.id, row.text or row.value, f"({row.reason})" if row.reason else "")

# The truth is known: each dose does what its factor says.
for condition, percent in zip(table.conditions, table.percent_of_control, strict=True):
    (column,) = [
        key
        for key, what in TREATED.items()
        if what[0] == condition.treatment and what[1] in {f"{condition.dose:g}", ""}
    ]
    assert abs(percent - 100 * FACTORS[column]) < 20, condition
