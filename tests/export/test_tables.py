"""Tables that are written read back, and no cell is run as a formula."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from mnephys.export.tables import features_csv, scores_csv, spikes_csv
from mnephys.measurement import Feature, FeatureTable, Status

FEATURE = Feature("resting_membrane_potential", "mV", ("cell",), "Potential at rest", "mnephys")


def test_features_read_back_as_the_same_table():
    rows = (FEATURE.measured(-65.25), FEATURE.missing(Status.FAILED, 'a "quoted", reason'), FEATURE.category("a, b"))
    table = FeatureTable(rows).named("a/b.abf")
    frame = pd.read_csv(io.StringIO(features_csv(table)))
    assert FeatureTable.from_frame(frame) == table


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1"])
def test_text_is_never_a_formula_and_numbers_stay_numbers(text):
    table = FeatureTable((FEATURE.measured(-65.2),)).named(text)
    line = features_csv(table).splitlines()[1]
    assert line.startswith(("'", "\"'"))
    assert ",-65.2," in line


def test_spikes_have_empty_cells_where_a_value_does_not_exist():
    table = FeatureTable((), {"sweep": np.array([0, 1]), "half_width": np.array([1.5, np.nan])})
    assert spikes_csv(table.named("a.abf")).splitlines() == ["recording,sweep,half_width", "a.abf,0,1.5", "a.abf,1,"]


def test_scores_have_a_row_each_and_empty_cells_for_what_is_unknown():
    score = {
        "subject": "=cell",
        "level": "cell",
        "stage": "indeterminate",
        "claim": "none",
        "network_stage": None,
        "id": "",
        "recording": "a.abf",
        "confidence": None,
        "sample": {"line": "WT"},
        "maturity_index": None,
        "interval": None,
        "domains": {"firing": {"score": None}},
        "identity": {"call": "not assessed"},
        "status": "excluded",
        "reasons": ["No recording could be used."],
        "sources": ["a.abf"],
        "rubric": {"name": "r", "version": "1"},
    }
    frame = pd.read_csv(io.StringIO(scores_csv([score])))
    assert frame["subject"][0] == "'=cell"
    assert frame[["maturity_index", "interval_low", "domain_firing"]].isna().all(axis=None)
    assert frame["reason"][0] == "No recording could be used."
