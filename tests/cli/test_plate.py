"""``mnephys plate``: from a folder and a sheet to tables of conditions and wells, and the plate's faults."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import statistics

import pytest

from mnephys.batch.store import STORE_NAME
from mnephys.mea.plate.screen import CONDITION_COLUMNS, WELL_COLUMNS
from mnephys.simulate import simulate_plate

BEFORE, AFTER = "SIM1_DIV20_spike_list.csv", "SIM1_DIV21_spike_list.csv"
EVIL = '=HYPERLINK("x")'


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def mean_of(table, feature, recording, wells):
    of = [r for r in table if (r["recording"], r["feature"], r["level"]) == (recording, feature, "well")]
    return statistics.mean(float(r["value"]) for r in of if r["id"] in wells)


@pytest.fixture(scope="module")
def plates(tmp_path_factory):
    """A plate before and after a dose: columns 1 and 2 with DMSO, 3 and 4 with a drug, 5 and 6 with TTX."""
    folder = tmp_path_factory.mktemp("plates")
    simulate_plate(folder, days=(20, 21), layout="24-well", duration=40.0)
    treated = {"1": "DMSO,,", "2": "DMSO,,", "3": f'"{EVIL.replace(chr(34), chr(34) * 2)}",3,uM', "4": "CNQX,3,uM"}
    lines = ["recording,plate,well,treatment,dose,dose_unit", f"{BEFORE},P1,,,,"]
    for row in "ABCD":
        lines += [f"{AFTER},P1,{row}{column},{treated.get(column, 'TTX,1,uM')}" for column in "123456"]
    (folder / "samples.csv").write_text("\n".join(lines))
    return folder


@pytest.fixture
def out(mnephys, plates, tmp_path):
    done = mnephys("score", plates, "-o", tmp_path / "out", "--samples", plates / "samples.csv")
    assert done.returncode == 0, done.stderr
    return tmp_path / "out"


def test_conditions_and_wells_say_what_the_features_say(mnephys, out):
    done = mnephys("plate", out, "--positive", "TTX")
    assert done.returncode == 0, done.stderr
    assert f"{AFTER}: 8 control wells, 16 others in 3 conditions" in done.stdout
    assert "no well is compared" not in done.stderr
    features, table = rows(out / "features.csv"), rows(out / "conditions.csv")
    stood_apart = {
        row["feature"]: float(row["z_factor"]) for row in table if row["role"] == "positive" and row["z_factor"]
    }
    assert (
        f"  The highest Z' of {len(stood_apart)}; each is judged alone, and among many some are there by chance:"
        in done.stdout
    )
    best = max(stood_apart, key=lambda name: stood_apart[name])
    assert f"  {best} (TTX 1 uM): Z' {stood_apart[best]:.2f}" in done.stdout
    assert list(table[0]) == list(CONDITION_COLUMNS)
    control = [f"{row}{column}" for row in "ABCD" for column in "12"]
    cnqx = [f"{row}4" for row in "ABCD"]
    found = {r["treatment"]: r for r in table if (r["recording"], r["feature"]) == (AFTER, "spike_count")}
    low, high = (mean_of(features, "spike_count", AFTER, wells) for wells in (control, cnqx))
    assert float(found["DMSO"]["mean"]) == pytest.approx(low)
    assert float(found["CNQX"]["percent_of_control"]) == pytest.approx(100 * high / low)
    assert {name: row["role"] for name, row in found.items()} == {
        "DMSO": "control",
        "CNQX": "treated",
        f"'{EVIL}": "treated",
        "TTX": "positive",
    }
    of_wells = rows(out / "wells.csv")
    assert list(of_wells[0]) == list(WELL_COLUMNS)
    (one,) = [r for r in of_wells if (r["recording"], r["feature"], r["well"]) == (AFTER, "spike_count", "B4")]
    value = mean_of(features, "spike_count", AFTER, ["B4"])
    assert float(one["percent_of_control"]) == pytest.approx(100 * value / low)


def test_a_baseline_makes_every_value_a_share_of_the_same_well(mnephys, out, tmp_path):
    done = mnephys("plate", out, "--baseline", "*DIV20*", "-o", tmp_path / "tables")
    assert done.returncode == 0, done.stderr
    assert not (out / "wells.csv").exists()
    table = rows(tmp_path / "tables" / "wells.csv")
    assert {r["recording"] for r in table} == {AFTER}
    features = rows(out / "features.csv")
    (one,) = [r for r in table if (r["feature"], r["well"]) == ("spike_count_percent_of_baseline", "A2")]
    before, after = (mean_of(features, "spike_count", name, ["A2"]) for name in (BEFORE, AFTER))
    assert float(one["value"]) == pytest.approx(100 * after / before)


def test_the_same_results_give_the_same_bytes_and_json_is_one_document(mnephys, out, tmp_path):
    first, second = (mnephys("plate", out, "-o", tmp_path / name, "--json") for name in ("one", "two"))
    assert first.stdout == second.stdout
    records = json.loads(first.stdout)
    for name in ("conditions.csv", "curves.csv", "wells.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert len(records) == len(rows(tmp_path / "one" / "conditions.csv"))


def test_many_features_are_said_to_be_many_where_they_are_read(mnephys):
    helped = " ".join(mnephys("plate", "--help").stdout.split())
    assert "Every row is judged alone, and nothing is corrected for the many features and treatments" in helped


def test_ec50s_are_said_to_be_judged_alone(mnephys, tmp_path):
    simulate_plate(tmp_path / "in", days=(20,), layout="24-well", duration=20.0)
    score = ("score", "in", "-o", tmp_path / "out")
    assert mnephys(*score).returncode == 0
    counts = {
        r["id"]: float(r["value"] or 0)
        for r in rows(tmp_path / "out" / "features.csv")
        if r["feature"] == "spike_count" and r["level"] == "well"
    }
    # The wells with fewer spikes had more of it.
    order = sorted(counts, key=lambda well: -counts[well])
    lines = [f"*,{well},X,{(0, 0.1, 1, 10, 100, 1000)[i // 4]},nM" for i, well in enumerate(order)]
    (tmp_path / "sheet.csv").write_text("\n".join(["recording,well,treatment,dose,dose_unit", *lines]))
    assert mnephys(*score, "--samples", tmp_path / "sheet.csv").returncode == 0
    done = mnephys("plate", tmp_path / "out")
    found = [bool(r["ec50"]) for r in rows(tmp_path / "out" / "curves.csv")]
    assert any(found)
    said = (
        f"Note: {sum(found)} of {len(found)} curves have an EC50; each is judged alone, and among many some are there"
    )
    assert said in done.stderr


def test_wells_that_hold_no_cells_are_not_counted(mnephys, tmp_path):
    simulate_plate(tmp_path / "in", days=(7,), layout="6-well", duration=20.0)
    lines = ["recording,well,plated,treatment", "*,A1,yes,DMSO", "*,A2,yes,CNQX", "*,A3,no,CNQX", "*,B1,no,DMSO"]
    (tmp_path / "sheet.csv").write_text("\n".join([*lines, "*,B2,no,TTX", "*,B3,no,"]))
    assert mnephys("score", "in", "-o", tmp_path / "out", "--samples", tmp_path / "sheet.csv").returncode == 0
    done = mnephys("plate", tmp_path / "out")
    assert ": 1 control well, 1 other in 1 condition" in done.stdout.splitlines()[0]


def test_wells_of_which_nothing_is_stated_are_not_compared_and_a_reason_is_told_once(mnephys, tmp_path):
    simulate_plate(tmp_path / "in", days=(7,), layout="6-well", duration=5.0)
    assert mnephys("score", "in", "-o", tmp_path / "out").returncode == 0
    done = mnephys("plate", tmp_path / "out")
    notes = [line for line in done.stderr.splitlines() if line.startswith("Note: ")]
    assert "Note: no well is compared with control wells; a sample sheet" in done.stderr
    reasons = [line.partition("has a value of ")[2].partition(": ")[2] for line in notes if "has a value of" in line]
    assert reasons
    assert len(reasons) == len(set(reasons))


def test_verdicts_on_the_plate_are_in_the_features_and_on_the_page(mnephys, out):
    found = [r for r in rows(out / "features.csv") if r["level"] == "plate" and r["recording"] == AFTER]
    verdicts = {r["feature"] for r in found if r["feature"].startswith("qc_")}
    assert {"qc_edge_effect", "qc_dead_wells", "qc_control_cv"} <= verdicts
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count("<h4>The plate itself</h4>") == 2
    assert mnephys("report", out).returncode == 0
    assert (out / "report.html").read_text(encoding="utf-8") == page
    listed = mnephys("features", "--list").stdout
    assert "qc_edge_effect" in listed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--positive", "TTXX"], "no well was treated with 'TTXX'; the nearest is 'TTX'"),
        (["--positive", "ttx 2 uM"], "no well was treated with 'ttx 2 uM'; known are TTX, TTX 1 uM"),
        (["--baseline", BEFORE[1:]], f"no recording of a plate is called '{BEFORE[1:]}'; the nearest is '{BEFORE}'"),
        (["--baseline", "*"], "every recording is called '*'; name those before treatment alone"),
    ],
)
def test_a_name_that_is_not_there_is_wrong_usage_and_nothing_is_written(mnephys, out, arguments, said):
    done = mnephys("plate", out, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {said}")
    assert not (out / "conditions.csv").exists()


def test_a_folder_without_results_without_plates_or_with_damaged_ones_is_told(mnephys, out, tmp_path):
    done = mnephys("plate", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "holds no results; run `mnephys score" in done.stderr
    with sqlite3.connect(out / STORE_NAME) as store:
        (kept,) = store.execute("select value from meta where key = 'document'").fetchone()

    def with_scores(change):
        document = json.loads(kept)
        document["scores"] = change(document["scores"])
        with sqlite3.connect(out / STORE_NAME) as store:
            store.execute("update meta set value = ? where key = 'document'", [json.dumps(document)])
        return mnephys("plate", out)

    nothing = with_scores(lambda _: [])
    assert (nothing.returncode, nothing.stderr.strip()) == (1, f"Error: {out}: holds no recording of a plate")
    harms = [{"sample": sample} for sample in ({"dose": "much"}, {"colour": "red"}, {"control": 5}, None)]
    for harm in [*harms, {"recording": []}]:
        damaged = with_scores(lambda scores, harm=harm: [{**score, **harm} for score in scores])
        assert damaged.returncode == 1, harm
        assert damaged.stderr.strip().endswith("what is kept is damaged; run `mnephys score` again"), harm
