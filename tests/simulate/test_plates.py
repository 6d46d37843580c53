"""A folder of one simulated plate on several days."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mnephys.errors import StoreError
from mnephys.recording import LAYOUTS
from mnephys.samples import load_sheet
from mnephys.simulate.folder import write_new
from mnephys.simulate.plates import CONTROL_LINE, PLATE_COLUMNS, SLOW_LINE, simulate_plate

DAYS = (7, 14, 21, 28)
SHORT = {"layout": "6-well", "duration": 10.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("plate") / "new" / "demo"
    return path, simulate_plate(path, seed=3)


def spikes_of(file):
    """Return time and electrode of every spike, by a plain parse."""
    with Path(file).open(newline="", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))
    return [(float(row[2]), row[3]) for row in rows[1 : rows.index([])] if row[2]]


def truth_of(file):
    return json.loads(file.with_name(f"{file.stem}.truth.json").read_text())


def test_each_recording_has_its_truth_and_the_folder_a_sheet(folder):
    path, recordings = folder
    stems = [f"SIM1_DIV{day:02d}_spike_list" for day in DAYS]
    assert recordings == [path / f"{stem}.csv" for stem in stems]
    expected = {"samples.csv"} | {f"{stem}{end}" for stem in stems for end in (".csv", ".truth.json")}
    assert {file.name for file in path.iterdir()} == expected
    assert sum(file.stat().st_size for file in path.iterdir()) < 3e6
    for file, day in zip(recordings, DAYS, strict=True):
        truth = truth_of(file)
        assert (truth["recording"], truth["plate"], truth["div"], truth["seed"]) == (file.name, "SIM1", day, 3)
        assert tuple(truth["wells"]) == LAYOUTS["24-well"].wells


def test_the_recordings_show_what_their_truths_say(folder):
    for file in folder[1]:
        spikes = spikes_of(file)
        counts = Counter(electrode.partition("_")[0] for _, electrode in spikes)
        for well, truth in truth_of(file)["wells"].items():
            own = [(time, name.partition("_")[2]) for time, name in spikes if name.startswith(f"{well}_")]
            assert counts[well] == truth["spike_count"] == sum(truth["spike_counts"].values()) == len(own)
            outside = sum(label not in truth["active_electrodes"] for _, label in own)
            assert outside <= truth["spike_counts"]["stray"]
            bursts = truth["network_bursts"]
            assert sum(bursts["spike_count"]) == truth["spike_counts"]["network burst"]
            for onset, end, n_electrodes, n_spikes in zip(*bursts.values(), strict=True):
                inside = [label for time, label in own if onset - 1e-6 <= time <= end + 1e-6]
                assert 0 <= onset < end <= 120
                assert len(inside) >= n_spikes
                assert len(set(inside)) >= n_electrodes
                assert n_electrodes <= len(truth["active_electrodes"])


def test_spikes_of_an_electrode_are_a_refractory_period_apart_and_on_the_grid(folder):
    for file in folder[1]:
        by_electrode = {}
        for time, electrode in spikes_of(file):
            by_electrode.setdefault(electrode, []).append(time * 12500)
        for ticks in by_electrode.values():
            assert np.abs(np.array(ticks) - np.rint(ticks)).max() < 1e-6
            assert len(ticks) < 2 or np.diff(ticks).min() > 25 - 1e-6


def test_the_file_says_that_it_is_simulated_and_how_long_it_lasts(folder):
    text = folder[1][0].read_text()
    assert "Description,simulated recording," in text
    assert "Requested File Section,0s to 2m0s," in text
    assert "Experiment ID,SIM1 DIV07," in text


def test_the_sheet_says_what_is_in_each_well_of_each_recording(folder):
    path, recordings = folder
    sheet = load_sheet(path / "samples.csv")
    with (path / "samples.csv").open(newline="") as file:
        assert tuple(csv.DictReader(file).fieldnames) == PLATE_COLUMNS
    assert sheet.problems([file.name for file in recordings]) == []
    for file, day in zip(recordings, DAYS, strict=True):
        assert sheet.sample(file.name).facts() == {
            "plate": "SIM1",
            "differentiation": "simulated differentiation",
            "div": day,
        }
        for well, truth in truth_of(file)["wells"].items():
            sample = sheet.sample(file.name, well=well)
            assert (sample.plate, sample.div, sample.plated) == ("SIM1", day, truth["plated"])
            assert sample.line == truth["line"]
            assert sample.control == ("yes" if truth["line"] == CONTROL_LINE else "")
            drug = (sample.treatment, sample.dose, sample.dose_unit)
            assert drug == (("TTX", 1.0, "uM") if truth["silenced"] else ("", None, ""))


def test_the_plate_holds_two_lines_empty_wells_a_dead_one_and_two_with_a_drug(folder):
    last = truth_of(folder[1][-1])["wells"]
    lines = Counter(well["line"] for well in last.values())
    assert lines == {CONTROL_LINE: 10, SLOW_LINE: 10, "": 4}
    assert [name for name, well in last.items() if not well["plated"]] == ["A6", "B6", "C6", "D6"]
    assert [name for name, well in last.items() if well["plated"] and not well["alive"]] == ["D5"]
    assert [name for name, well in last.items() if well["silenced"]] == ["A5", "B5"]
    for file in folder[1]:
        for well in truth_of(file)["wells"].values():
            if well["silenced"] or not well["alive"]:
                assert well["active_electrodes"] == []
                assert well["spike_count"] == well["spike_counts"]["stray"] < 12
    assert all(well["active_electrodes"] for well in last.values() if well["alive"] and not well["silenced"])
    before = truth_of(folder[1][-2])["wells"]
    for name in ("A5", "B5"):
        assert before[name]["spike_count"] > 200
        assert not before[name]["silenced"]
        assert last[name]["development"] > before[name]["development"] > 0
    with io.StringIO(folder[1][-1].read_text(), newline="") as text:
        rows = {row[0]: row[1:] for row in csv.reader(text) if row and row[0]}
    assert [well for well, drug in zip(rows["Well"], rows["Treatment"], strict=True) if drug] == ["A5", "B5"]


def test_wells_develop_each_at_its_own_pace_and_one_line_more_slowly(folder):
    truths = [truth_of(file)["wells"] for file in folder[1]]
    for name, well in truths[0].items():
        path = [wells[name]["development"] for wells in truths]
        if well["alive"]:
            expected = [min(1, 0.03 * well["pace"] * day) for day in DAYS]
            assert path == pytest.approx(expected, abs=1e-5)
        else:
            assert path == [0, 0, 0, 0]
    alive = [well for well in truths[0].values() if well["alive"]]
    paces = {line: [well["pace"] for well in alive if well["line"] == line] for line in (CONTROL_LINE, SLOW_LINE)}
    assert max(paces[SLOW_LINE]) < min(paces[CONTROL_LINE])
    assert len({well["pace"] for well in alive}) == len(alive)
    firing = [well for wells in truths for well in wells.values() if well["alive"] and not well["silenced"]]
    development = [well["development"] for well in firing]
    share = [well["spike_counts"]["network burst"] / max(1, well["spike_count"]) for well in firing]
    active = [len(well["active_electrodes"]) for well in firing]
    assert stats.spearmanr(development, share).statistic > 0.9
    assert stats.spearmanr(development, active).statistic > 0.75
    mature = [well for well in truths[-1].values() if well["line"] == CONTROL_LINE and not well["silenced"]]
    slow = [well for well in truths[-1].values() if well["line"] == SLOW_LINE and well["alive"]]
    assert min(len(well["network_bursts"]["onset_s"]) for well in mature) > max(
        len(well["network_bursts"]["onset_s"]) for well in slow
    )


def test_electrodes_stay_active_from_day_to_day(folder):
    truths = [truth_of(file)["wells"] for file in folder[1]]
    for name, well in truths[0].items():
        days = [set(wells[name]["active_electrodes"]) for wells in truths if not wells[name]["silenced"]]
        assert all(early <= late for early, late in pairwise(days))
        assert well["alive"] == (days[-1] != set())


def test_no_day_repeats_another(folder):
    silent = ("A6_", "B6_", "C6_", "D6_", "D5_")
    days = [{spike for spike in spikes_of(file) if spike[1].startswith(silent)} for file in folder[1]]
    assert all(days)
    assert len(set.union(*days)) == sum(len(day) for day in days)


def test_wells_fire_independently(folder):
    spikes = spikes_of(folder[1][-1])
    wells = [f"{row}{column}" for row in "AB" for column in range(1, 5)]
    bins = np.arange(0, 121, 1.0)
    counts = [np.histogram([t for t, name in spikes if name.startswith(f"{well}_")], bins)[0] for well in wells]
    between = np.corrcoef(counts)[np.triu_indices(len(wells), 1)]
    assert abs(between.mean()) < 3 * 0.5 / math.sqrt(120)
    assert np.abs(between).max() < 0.5


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(folder, tmp_path):
    path, recordings = folder
    simulate_plate(tmp_path / "same", days=reversed_days(), seed=3)
    for file in path.iterdir():
        assert (tmp_path / "same" / file.name).read_bytes() == file.read_bytes(), file.name
    [other] = simulate_plate(tmp_path / "other", days=(7,), seed=4)
    assert other.read_bytes() != recordings[0].read_bytes()


def reversed_days():
    return tuple(np.array(DAYS[::-1]))


def test_a_day_does_not_depend_on_the_others(folder, tmp_path):
    first, _ = simulate_plate(tmp_path, days=(7, 9), seed=3)
    assert first.read_bytes() == folder[1][0].read_bytes()
    assert truth_of(first) == truth_of(folder[1][0])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_can_be_simulated(layout, tmp_path):
    recordings = simulate_plate(tmp_path, days=(3, 30), layout=layout, duration=5.0, plate="P-2")
    kind = LAYOUTS[layout]
    truth = truth_of(recordings[-1])
    assert tuple(truth["wells"]) == kind.wells
    wells = truth["wells"].values()
    controls = [well for well in wells if well["line"] == CONTROL_LINE]
    assert 3 * sum(well["silenced"] for well in controls) <= len(controls)
    assert sum(not well["plated"] for well in wells) == kind.rows
    assert sum(well["plated"] and not well["alive"] for well in wells) == 1
    assert {name for _, name in spikes_of(recordings[-1])} <= {f"{w}_{e}" for w in kind.wells for e in kind.labels}
    facts = load_sheet(tmp_path / "samples.csv").sample(recordings[-1].name, well=kind.wells[0]).facts()
    assert (facts["line"], facts["div"], facts["plated"]) == (CONTROL_LINE, 30, True)


def test_what_is_there_already_is_not_replaced(tmp_path):
    (tmp_path / "samples.csv").write_text("edited by hand\n")
    with pytest.raises(StoreError, match=r"holds another samples\.csv, which is not replaced"):
        simulate_plate(tmp_path, **SHORT)
    assert [file.name for file in tmp_path.iterdir()] == ["samples.csv"]


def test_what_is_there_already_and_the_same_stays(tmp_path):
    files = simulate_plate(tmp_path, **SHORT)
    (tmp_path / "notes.txt").write_text("of somebody else")
    before = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    files[1].unlink()
    assert simulate_plate(tmp_path, **SHORT) == files
    after = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {files[1].name}


def test_a_folder_that_cannot_be_made_or_read_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        simulate_plate(tmp_path / "file" / "below", **SHORT)
    (tmp_path / "samples.csv").mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        write_new(tmp_path, {"samples.csv": b""})


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"days": ()}, "days is"),
        ({"days": (7, 7)}, "days is"),
        ({"days": (-1,)}, "days is"),
        ({"days": (7.5,)}, "days is"),
        ({"days": (math.nan,)}, "days is"),
        ({"layout": "1536-well"}, "layout '1536-well' is not known"),
        ({"duration": 0.0}, "duration is 0.0"),
        ({"duration": math.inf}, "duration is inf"),
        ({"plate": "../P1"}, "plate is"),
        ({"plate": ""}, "plate is"),
        ({"spread": -0.1}, "spread is -0.1"),
        ({"spread": 1e6}, "spread is 1000000"),
        ({"seed": -1}, "non-negative"),
    ],
)
def test_arguments_that_cannot_be_are_refused(arguments, text, tmp_path):
    with pytest.raises(ValueError, match=text):
        simulate_plate(tmp_path / "plate", **SHORT | arguments)
    assert not (tmp_path / "plate").exists()
