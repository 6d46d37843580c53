"""What must hold on real plates: a folder goes in, a score per well comes out, by line and by day."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import spearmanr


def score(folder, out, *arguments):
    command = [sys.executable, "-m", "mnephys", "score", str(folder), "-o", str(out), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((out / "scores.json").read_text(encoding="utf-8")), done


def auc(young, old):
    """Return the chance that an old well scores higher than a young one, ties counted half."""
    young, old = np.asarray(young), np.asarray(old)[:, np.newaxis]
    return float(np.mean((old > young) + 0.5 * (old == young)))


def index_of(scores, days):
    return [s["maturity_index"] for s in scores if days(s["day"])]


@pytest.fixture(scope="module")
def motor_neurons(data, tmp_path_factory):
    folder = data("mea/motor_neuron_neural_metrics")
    return score(folder, tmp_path_factory.mktemp("mn"), "--samples", folder / "samples.csv")[0]


@pytest.fixture(scope="module")
def cortex(data, tmp_path_factory):
    return score(data("mea/spike_trains_hdf5"), tmp_path_factory.mktemp("cortex"))


def scored(scores):
    found = [s for s in scores if s["level"] == "well" and s["maturity_index"] is not None]
    for one in found:
        one["day"] = one["sample"].get("div") or float(re.search(r"DIV(\d+)", one["recording"])[1])
    return found


def test_12_days_of_32_plated_wells_are_scored_and_the_others_are_named(motor_neurons):
    wells = [s for s in motor_neurons if s["level"] == "well"]
    assert len(wells) == 12 * 96
    found = scored(motor_neurons)
    plated = {f"{row}{column}" for row in "ABCDEFGH" for column in range(1, 5)}
    assert len({s["recording"] for s in found}) == 12
    for recording in {s["recording"] for s in found}:
        assert {s["id"] for s in found if s["recording"] == recording} == plated
    for one in wells:
        column = int(one["id"][1:])
        if column > 8:
            assert one["reasons"][0].startswith("Not plated")
        elif column > 4:
            assert one["reasons"][0].startswith("No data")
        else:
            assert one["network_stage"] in {"absent", "emerging", "organised"}
            continue
        assert (one["network_stage"], one["status"]) == ("indeterminate", "excluded")
    plates = [s for s in motor_neurons if s["level"] == "plate"]
    assert [s["sample"]["div"] for s in plates] == sorted(s["sample"]["div"] for s in plates)
    assert all("32 wells are not plated" in " ".join(s["reasons"]) for s in plates)


def test_the_index_of_human_motor_neurons_follows_the_day_that_it_never_sees(motor_neurons):
    found = scored(motor_neurons)
    rhos = []
    for subject in {s["subject"] for s in found}:
        days, values = zip(*((s["day"], s["maturity_index"]) for s in found if s["subject"] == subject), strict=True)
        rhos.append(spearmanr(days, values).statistic)
    assert len(rhos) == 32
    assert np.median(rhos) >= 0.93
    assert auc(index_of(found, lambda d: d <= 14), index_of(found, lambda d: d >= 26)) >= 0.98


def test_lines_are_named_and_the_disease_line_is_not_called_more_mature_for_its_rate(motor_neurons):
    last = [s for s in scored(motor_neurons) if s["day"] == 34]
    rate = {s["subject"]: next(c["value"] for c in s["criteria"] if c["feature"] == "mean_firing_rate") for s in last}
    by_line = {line: [s for s in last if s["sample"]["line"] == line] for line in ("39b", "39b-corrected")}
    rates = {line: np.mean([rate[s["subject"]] for s in wells]) for line, wells in by_line.items()}
    indices = {line: np.median([s["maturity_index"] for s in wells]) for line, wells in by_line.items()}
    assert rates["39b"] > 1.3 * rates["39b-corrected"]
    assert indices["39b"] < indices["39b-corrected"] + 0.05


def test_11_recordings_of_cortex_in_one_run(cortex):
    scores, _ = cortex
    found = scored(scores)
    assert len({s["recording"] for s in found}) == 11
    assert len(found) == 11 * 48
    assert auc(index_of(found, lambda d: d <= 5), index_of(found, lambda d: d >= 12)) >= 0.95


def test_nearly_silent_plates_look_silent(cortex):
    scores, _ = cortex
    young = [s for s in scores if "DIV02" in s["recording"]]
    assert len(young) == 2 * 49
    for one in young:
        assert (one["network_stage"], one["maturity_index"]) == ("absent", 0.0)
        for criterion in one["criteria"]:
            assert criterion["value"] is None or criterion["value"] == 0 or "count" in criterion["feature"]


def test_rates_of_files_without_a_duration_have_a_status(cortex):
    scores, _ = cortex
    for one in scored(scores):
        (rate,) = [c for c in one["criteria"] if c["feature"] == "mean_firing_rate"]
        assert (rate["status"], rate["value"]) == ("not_applicable", None)
        assert "--duration" in rate["reason"]


def test_an_export_of_another_laboratory_scores_as_its_networks_look(data, tmp_path):
    """24 wells of strongly synchronous human neurons, more than 95 % of their spikes in network bursts."""
    scores, _ = score(data("mea/exports/nmt2025_24well_DIV41_neuralMetrics.csv"), tmp_path / "out")
    stages = [s["network_stage"] for s in scores if s["level"] == "well"]
    assert stages.count("organised") >= 22
    assert all(s["sample"]["treatment"] for s in scores if s["level"] == "well")


def test_treated_wells_say_that_they_are(data, tmp_path):
    scores, _ = score(data("mea/exports/nmt_24well_agonist_neuralMetrics.csv"), tmp_path / "out")
    wells = [s for s in scores if s["level"] == "well"]
    assert len(wells) == 24
    for one in wells:
        assert any(reason.startswith("Treated with ") and " uM: " in reason for reason in one["reasons"])


def test_the_folder_of_exports_gives_what_can_be_read(data, tmp_path):
    scores, done = score(data("mea/exports"), tmp_path / "out")
    assert {s["recording"] for s in scores if s["level"] == "plate"} == {
        "axis23_48well_DIV14_statistics.csv",
        "axis36_electrode_burst_list.csv",
        "axis_DIV3_spike_list.csv",
        "mcs_standard_500hz.h5",
        "nmt2025_24well_DIV41_neuralMetrics.csv",
        "nmt_24well_agonist_neuralMetrics.csv",
    }
    assert "Error" not in done.stderr
