"""The evidence of a voltage-clamp recording is plain JSON and holds what was measured."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mnephys
from mnephys.evidence import clamp_evidence
from mnephys.pipeline.extract import analyse


def test_only_steps_of_the_family_are_kept_and_what_is_missing_is_null():
    every = {
        name: np.array([1.0, np.nan, 3.0])
        for name in ("command", "inward_peak", "inward_peak_raw", "outward_peak", "sustained", "sustained_raw")
    }
    record = clamp_evidence({**every, "family": np.array([True, True, False])}, {})
    assert record["currents"]["command"] == [1.0, None]
    assert record["synaptic"] == {}
    json.dumps(record, allow_nan=False)


def test_of_many_events_some_are_kept_spread_over_all():
    n = 12_000
    columns = {name: np.arange(n) / 10 for name in ("peak_time", "amplitude", "decay_time")}
    record = clamp_evidence(
        {}, {**columns, "sweep": np.zeros(n, int), "polarity": np.repeat(["inward", "outward"], 6000)}
    )
    assert record["n_events"] == n
    assert len(record["synaptic"]["amplitude"]) == 5000
    assert (record["synaptic"]["peak_time"][0], record["synaptic"]["peak_time"][-1]) == (0.0, 1199.9)
    assert record["synaptic"]["polarity"][0] == "inward"
    assert record["synaptic"]["polarity"][-1] == "outward"


def test_a_real_current_voltage_family_is_in_the_record(data):
    found = analyse(mnephys.read(data("patch/na_iv_abf2.abf")))
    table = found.evidence["currents"]
    lowest = int(np.argmin(table["inward_peak_raw"]))
    assert table["command"][lowest] == pytest.approx(-20.0)
    assert table["inward_peak_raw"][lowest] == pytest.approx(-1581.4, abs=0.1)
    assert found.table.get("na_current_peak_raw").value == pytest.approx(-1581.4, abs=0.1)
    json.dumps(found.evidence, allow_nan=False)


def test_real_events_are_in_the_record(data):
    found = analyse(mnephys.read(data("patch/171116sh_0020.abf")))
    assert found.evidence["n_events"] == len(found.evidence["synaptic"]["sweep"])
    inward = np.array(found.evidence["synaptic"]["polarity"]) == "inward"
    amplitude = np.array(found.evidence["synaptic"]["amplitude"])[inward]
    assert np.median(amplitude) == pytest.approx(found.table.get("spsc_amplitude").value, abs=0.02)
