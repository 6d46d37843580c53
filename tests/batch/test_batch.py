"""Discovery, store and measuring: one bad file costs no other, and nothing kept is lost."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnephys.batch.discover import find_recordings
from mnephys.batch.measure import Settings, fingerprint, measure_all, measure_one
from mnephys.batch.store import APPLICATION_ID, STORE_NAME, Entry, Store
from mnephys.errors import StoreError
from mnephys.measurement import Feature, FeatureTable
from mnephys.pipeline import declared_features
from mnephys.samples import Sample

RATE = Feature("mean_firing_rate", "Hz", ("cell",), "APs per second", "mnephys")


def _abf(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"ABF2" + bytes(600))
    return path


def test_a_folder_gives_what_is_or_claims_to_be_a_recording(tmp_path):
    _abf(tmp_path / "b.abf")
    _abf(tmp_path / "deep" / "er" / "without_suffix")
    (tmp_path / "text.ABF").write_text("no")
    (tmp_path / "notes.txt").write_text("no")
    _abf(tmp_path / ".hidden" / "a.abf")
    assert find_recordings([tmp_path]).names == ("b.abf", "deep/er/without_suffix", "text.ABF")


def test_a_file_that_is_named_is_taken_whatever_it_is(tmp_path):
    (tmp_path / "notes.txt").write_text("no")
    assert find_recordings([tmp_path / "notes.txt"]).names == ("notes.txt",)


def test_names_are_below_the_common_root_and_appear_once(tmp_path):
    one, two = _abf(tmp_path / "day1" / "a.abf"), _abf(tmp_path / "day2" / "a.abf")
    found = find_recordings([one, tmp_path / "day2", two])
    assert found.names == ("day1/a.abf", "day2/a.abf")
    assert found.paths["day2/a.abf"] == two


def test_a_name_that_is_no_text_is_still_a_recording_and_can_be_kept(tmp_path):
    odd = Path(os.fsdecode(os.fsencode(tmp_path / "cell") + b"\xff.abf"))
    _abf(odd)
    found = find_recordings([tmp_path])
    (name,) = found.names
    assert name == "cell\N{REPLACEMENT CHARACTER}.abf"
    assert found.paths[name] == odd
    with Store(tmp_path) as store:
        store.put(_entry(name))


def test_a_folder_without_recordings_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    assert find_recordings([tmp_path / "empty"]).empty_folders == (str(tmp_path / "empty"),)


def _entry(name="a.abf", error=""):
    table = FeatureTable((RATE.measured(3.0),), {"peak_time": np.array([0.1, 0.25])}).named(name)
    return Entry(name, "f00d", error, table, {name: {"kind": "sweeps"}})


def test_the_store_gives_back_what_it_was_given(tmp_path):
    with Store(tmp_path / "new" / "folder") as store:
        store.put(_entry())
    with Store(tmp_path / "new" / "folder") as store:
        again = store.get("a.abf")
    assert again.table == _entry().table
    np.testing.assert_array_equal(again.table.spikes["peak_time"], [0.1, 0.25])
    assert again.evidence == _entry().evidence


def test_the_store_forgets_what_is_no_input_any_more():
    with Store() as store:
        store.put(_entry("a.abf"))
        store.put(_entry("b.abf"))
        store.keep_only({"b.abf"})
        assert [entry.name for entry in store] == ["b.abf"]


def test_a_store_of_another_version_is_not_touched(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / STORE_NAME)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="99"):
        Store(tmp_path)
    with pytest.raises(StoreError, match="99"):
        Store.existing(tmp_path)


def test_a_file_of_others_is_refused_and_not_touched(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / STORE_NAME)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    before = (tmp_path / STORE_NAME).read_bytes()
    with pytest.raises(StoreError, match="no store of mnephys"):
        Store(tmp_path)
    with pytest.raises(StoreError, match="no store of mnephys"):
        Store.existing(tmp_path)
    assert (tmp_path / STORE_NAME).read_bytes() == before


def test_one_folder_belongs_to_one_run_at_a_time(tmp_path):
    with Store(tmp_path), pytest.raises(StoreError, match="another run"):
        Store(tmp_path)
    Store(tmp_path).close()


def test_what_is_damaged_is_measured_again_and_never_shown(tmp_path):
    with Store(tmp_path) as store:
        store.put(_entry("a.abf"))
        store._change("UPDATE recording SET rows = ? WHERE name = 'a.abf'", [("[{",)])
        assert store.get("a.abf") is None
        with pytest.raises(StoreError, match="damaged"):
            list(store)


def test_evidence_is_read_when_it_is_asked_for():
    with Store() as store:
        store.put(_entry("a.abf"))
        store.put(_entry("b.abf"))
        evidence = store.evidence()
        assert list(evidence) == ["a.abf", "b.abf"]
        assert evidence["b.abf"] == {"kind": "sweeps"}


def test_a_link_that_leads_nowhere_is_named_and_a_linked_folder_is_followed(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "gone.abf").symlink_to(tmp_path / "nowhere.abf")
    _abf(tmp_path / "day1" / "a.abf")
    (tmp_path / "in" / "day1").symlink_to(tmp_path / "day1")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    assert find_recordings([tmp_path / "in"]).names == ("day1/a.abf", "gone.abf")


def test_a_folder_that_cannot_be_listed_costs_no_other(tmp_path, monkeypatch):
    _abf(tmp_path / "good.abf")
    (tmp_path / "locked").mkdir()
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    found = find_recordings([tmp_path])
    assert found.names == ("good.abf",)
    assert list(found.unreadable) == ["locked"]
    assert "locked" in found.unreadable["locked"]


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.abf")
    entry = measure_one(tmp_path / "pipe.abf", "pipe.abf", Sample(recording="pipe.abf"), Settings())
    assert "pipe.abf" in entry.error


def test_a_defect_of_ours_costs_only_the_file_that_met_it(tmp_path, monkeypatch):
    def broken(path):
        del path
        raise ZeroDivisionError("in the core")

    monkeypatch.setattr("mnephys.batch.measure.read_all", broken)
    entry = measure_one(_abf(tmp_path / "a.abf"), "a.abf", Sample(recording="a.abf"), Settings())
    assert "ZeroDivisionError" in entry.error
    assert "a.abf" in entry.error
    assert "\n" not in entry.error


def test_a_defect_is_tried_again_in_the_next_run_and_a_bad_file_is_not(tmp_path, monkeypatch):
    (tmp_path / "empty.abf").write_bytes(b"")
    assert measure_one(tmp_path / "empty.abf", "empty.abf", Sample(recording="empty.abf"), Settings()).fingerprint

    def broken(path):
        del path
        raise MemoryError

    monkeypatch.setattr("mnephys.batch.measure.read_all", broken)
    path = _abf(tmp_path / "a.abf")
    assert not measure_one(path, "a.abf", Sample(recording="a.abf"), Settings()).fingerprint


def test_results_of_another_version_are_not_used_again(tmp_path, monkeypatch):
    path = _abf(tmp_path / "a.abf")
    before = fingerprint(path, Sample(recording="a.abf"), Settings())
    monkeypatch.setattr("mnephys.batch.measure.__version__", "99.0")
    assert fingerprint(path, Sample(recording="a.abf"), Settings()) != before


def test_results_by_another_definition_of_a_feature_are_not_used_again(tmp_path, monkeypatch):
    path = _abf(tmp_path / "a.abf")
    before = fingerprint(path, Sample(recording="a.abf"), Settings())
    first, *others = declared_features()
    changed = [replace(first, version=first.version + 1), *others]
    monkeypatch.setattr("mnephys.batch.measure.declared_features", lambda: changed)
    assert fingerprint(path, Sample(recording="a.abf"), Settings()) != before


def test_what_is_known_is_not_measured_again_and_what_changed_is(tmp_path, monkeypatch):
    measured = []

    def record(path, name, sample, settings):
        measured.append(name)
        return Entry(name, fingerprint(path, sample, settings), "", FeatureTable(), {})

    monkeypatch.setattr("mnephys.batch.measure.measure_one", record)
    with Store() as store:
        paths = {name: _abf(tmp_path / name) for name in ("a.abf", "b.abf")}
        samples = {name: Sample(recording=name) for name in paths}
        measure_all(paths, samples, store, Settings())
        measure_all(paths, samples, store, Settings())
        assert measured == ["a.abf", "b.abf"]
        paths["b.abf"].write_bytes(b"ABF2 changed")
        measure_all(paths, samples, store, Settings())
        assert measured == ["a.abf", "b.abf", "b.abf"]
        samples["a.abf"] = Sample(recording="a.abf", bias_pa=5.0)
        measure_all(paths, samples, store, Settings())
        assert measured[-1] == "a.abf"
        measure_all(paths, samples, store, Settings(duration=600.0))
        assert measured[-2:] == ["a.abf", "b.abf"]
