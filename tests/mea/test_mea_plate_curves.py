"""Which wells make a curve: those of one treatment, with the control wells of their own vehicle."""

from __future__ import annotations

import numpy as np
import pytest

from mnephys.mea.plate import Wells
from mnephys.mea.plate.curves import CURVE_COLUMNS, curve_records

DOSES = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0]


def plate(rows):
    """Rows of (recording, vehicle, treatment, dose, unit, control, value)."""
    *columns, values = zip(*rows, strict=True)
    names = ("recording", "vehicle", "treatment", "dose", "dose_unit", "control")
    well = [str(i) for i in range(len(rows))]
    return Wells.of("rate", "Hz", well, values, **dict(zip(names, columns, strict=True)))


def series(treatment, ec50, start, *, unit="uM", factor=1.0, vehicle="", recording="a.csv"):
    """Two control wells and two wells per dose, of a response that falls from `start` to 0."""
    noise = (-0.01 * start, 0.01 * start)
    rows = [(recording, vehicle, "DMSO", np.nan, "", True, start + more) for more in noise]
    return rows + [
        (recording, vehicle, treatment, factor * dose, unit, False, start / (1 + dose / ec50) + more)
        for dose in DOSES
        for more in noise
    ]


def ec50s(wells):
    return {(row["recording"], row["vehicle"], row["treatment"]): row["ec50"] for row in curve_records(wells)}


def test_each_recording_vehicle_and_treatment_has_its_own_curve_and_its_own_controls():
    rows = [
        *series("CNQX", 1.0, 10.0, vehicle="DMSO"),
        *series("NMDA", 4.0, 100.0, vehicle="water"),
        *series("CNQX", 8.0, 10.0, recording="b.csv"),
    ]
    found = ec50s(plate(rows))
    assert found == {
        ("a.csv", "DMSO", "CNQX"): pytest.approx(1.0, rel=0.1),
        ("a.csv", "water", "NMDA"): pytest.approx(4.0, rel=0.1),
        ("b.csv", "", "CNQX"): pytest.approx(8.0, rel=0.1),
    }


def test_control_wells_are_part_of_the_curve():
    (row,) = curve_records(plate(series("CNQX", 1.0, 10.0)))
    assert list(row) == list(CURVE_COLUMNS)
    assert (row["n_doses"], row["n_wells"], row["status"]) == (6, 14, "ok")
    assert row["start"] == pytest.approx(10.0, rel=0.05)
    (without,) = curve_records(plate(series("CNQX", 1.0, 10.0)[2:]))
    assert without["n_wells"] == 12


def test_doses_in_two_units_are_one_series():
    rows = series("CNQX", 1.0, 10.0)
    other = [(*row[:3], 1000 * row[3], "nM", *row[5:]) if row[2] == "CNQX" and row[3] > 5 else row for row in rows]
    (row,) = curve_records(plate(other))
    assert (row["n_doses"], row["dose_unit"]) == (6, "uM")
    assert row["ec50"] == pytest.approx(curve_records(plate(rows))[0]["ec50"])


def test_one_dose_is_no_series_and_two_are_too_few():
    rows = series("CNQX", 1.0, 10.0)
    assert curve_records(plate([row for row in rows if row[2] == "DMSO" or row[3] == 3.0])) == []
    (row,) = curve_records(plate([row for row in rows if row[2] == "DMSO" or row[3] in {1.0, 3.0}]))
    assert (row["ec50"], row["status"]) == (None, "too_few_events")
    assert row["reason"] == "a curve takes 4 doses and 8 wells; measured were 2 and 6"
