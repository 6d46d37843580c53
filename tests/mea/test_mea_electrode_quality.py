"""The verdict on every electrode: at each of its limits, and which of several is told."""

from __future__ import annotations

import numpy as np
import pytest

from mnephys.mea.detection.plate import ElectrodeVoltage
from mnephys.mea.electrode_quality import measure_electrode_quality
from mnephys.mea.rows import Places, by_place
from mnephys.measurement import Status


def rows_of(places, *given):
    return list(by_place(places, measure_electrode_quality(places, *given)))


def looked_at(*, counts=(0,), active=(False,), excluded="", multiple=1.0, line=0.0, clipped=0.0, noise=5.0, fault=""):
    """Judge one electrode."""
    voltage = ElectrodeVoltage(*(np.array([x]) for x in (noise, multiple, line, clipped)), (fault,))
    places = Places("electrode", ("A1_11",), (excluded,))
    return rows_of(places, np.array(counts), np.array(active), voltage)


def verdict(**found):
    row = looked_at(**found)[0]
    return row.text, row.reason


@pytest.mark.parametrize(
    ("count", "active", "word"),
    [(0, False, "silent"), (1, False, "inactive"), (2, False, "inactive"), (9, True, "active")],
)
def test_activity_without_voltage(count, active, word):
    places = Places("electrode", ("A1_11",), ("",))
    rows = rows_of(places, np.array([count]), np.array([active]), None)
    assert [(row.id, row.text, row.status) for row in rows] == [("A1_11", word, Status.OK)]
    assert verdict(counts=[count], active=[active]) == (word, "")


@pytest.mark.parametrize(
    ("found", "word", "said"),
    [
        ({"multiple": 3.0}, "noisy", "its noise is 3.0 times that of the plate"),
        ({"multiple": 2.999}, "silent", ""),
        ({"line": 100.0}, "silent", "the mains are louder than 100 uV"),
        ({"line": 99.99}, "silent", ""),
        ({"clipped": 0.001}, "saturated", "0.1 % of its samples are at the limit of the range"),
        ({"clipped": 0.000999}, "silent", ""),
        ({"clipped": 0.034}, "saturated", "3.4 % of its samples are at the limit of the range"),
        ({"multiple": np.nan, "line": np.nan, "clipped": np.nan}, "silent", ""),
        # The gravest is told.
        ({"multiple": 4.0, "line": 500.0}, "noisy", "its noise is 4.0 times that of the plate"),
        (
            {"multiple": 4.0, "clipped": 0.5, "line": 500.0},
            "saturated",
            "50 % of its samples are at the limit of the range",
        ),
    ],
)  # fmt: skip -- a table
def test_voltage_at_every_limit(found, word, said):
    assert verdict(**found) == (word, said)
    assert verdict(**found, counts=[7], active=[True])[0] == ("active" if word == "silent" else word)


def test_what_is_excluded_has_the_reason_and_no_verdict():
    row = looked_at(excluded="it is switched off", multiple=9.0)[0]
    assert (row.status, row.reason, row.text) == (Status.EXCLUDED, "it is switched off", "")


def test_noise_and_hum_are_numbers_or_say_why_they_are_not():
    _, noise, line = looked_at(noise=4.5, line=2.5)
    assert [(row.feature, row.value, row.unit) for row in (noise, line)] == [
        ("noise_level", 4.5, "uV"),
        ("line_noise", 2.5, "uV"),
    ]
    _, noise, line = looked_at(noise=np.nan, line=np.nan, fault="no voltage was recorded of it")
    assert {(row.status, row.reason) for row in (noise, line)} == {
        (Status.NOT_APPLICABLE, "no voltage was recorded of it")
    }
    assert looked_at(line=np.inf)[2].reason == "the recording is shorter than a window of 1 s"
