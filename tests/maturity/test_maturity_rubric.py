from __future__ import annotations

import hashlib
import re
import tomllib
from importlib import resources

import pytest

from mnephys.errors import RubricError
from mnephys.maturity import load_rubric
from mnephys.maturity.rubric import BUILT_IN, parse_rubric
from mnephys.patch import ap_features, firing_features, passive, quality

TEXT = (resources.files("mnephys.maturity") / "rubrics" / BUILT_IN).read_text(encoding="utf-8")
RAW = tomllib.loads(TEXT)


@pytest.mark.parametrize("entry", RAW["criteria"], ids=lambda entry: entry["feature"])
def test_every_criterion_states_unit_source_and_basis(entry, units):
    assert entry["unit"] == units[entry["feature"]]
    if entry.get("role") == "stand_in":
        entry = next(e for e in RAW["criteria"] if e["feature"] == entry["stands_in_for"])
    assert entry["basis"] in {"seen", "secondary", "proxy"}
    cuts = [cut for cut in ("immature", "intermediate", "mature", "low", "high") if cut in entry]
    for cut in cuts or ["immature", "mature"] if "categories" in entry else cuts or ["value"]:
        for key in entry["source"][cut]:
            assert re.fullmatch(r"10\.\d{4,9}/\S+|https://\S+", RAW["references"][key]["link"])


def test_every_feature_of_the_feature_core_that_the_score_uses_is_in_the_rubric(units):
    assert set(load_rubric().criteria) == set(units)


def test_every_reference_is_used_and_gates_on_features_have_one():
    used = {key for entry in RAW["criteria"] for keys in entry.get("source", {}).values() for key in keys}
    for claim in RAW["claims"].values():
        for gate in claim["gates"]:
            for inner in (gate, *gate.get("any_of", [])):
                used |= set(inner.get("source", []))
                plain = "target" in inner and not inner["target"].startswith("domain:")
                assert not plain or inner["source"]
    assert used == set(RAW["references"])


def test_units_are_those_that_the_feature_core_declares():
    rooms = (quality, passive, ap_features, firing_features)
    declared = {name: feature.unit for room in rooms for name, feature in room.FEATURES.items()}
    criteria = load_rubric().criteria
    shared = set(declared) & set(criteria)
    assert len(shared) > 15
    assert {n: declared[n] for n in shared} == {n: criteria[n].unit for n in shared}


def test_weights_and_cuts_are_those_of_the_proposal():
    assert {n: d["weight"] for n, d in RAW["domains"].items() if d["weight"]} == {
        "firing": 0.35,
        "ap": 0.30,
        "passive": 0.25,
        "currents": 0.10,
    }
    cuts = {e["feature"]: (e["immature"], e["mature"]) for e in RAW["criteria"] if "mature" in e}
    assert cuts == {
        "max_sustained_rate": (3, 10),
        "ap_amplitude": (50, 60),
        "ap_half_width": (4.0, 2.5),
        "ap_threshold": (-5, -25),
        "resting_membrane_potential": (-45, -55),
        "input_resistance": (1000, 500),
        "membrane_capacitance": (25, 50),
        "na_current_peak": (500, 1000),
        "spsc_frequency": (0.05, 0.5),
        "spsc_amplitude": (5, 10),
    }


def test_hash_is_that_of_the_file_and_does_not_depend_on_line_ends():
    plain = TEXT.replace("\r\n", "\n").encode()
    assert load_rubric().sha256 == hashlib.sha256(plain).hexdigest()
    assert parse_rubric(plain.replace(b"\n", b"\r\n")).sha256 == load_rubric().sha256


def test_a_rubric_of_ones_own(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(TEXT.replace("immature = 1000\nmature = 500", "immature = 2000\nmature = 1000"), encoding="utf-8")
    rubric = load_rubric(mine)
    assert rubric.criteria["input_resistance"].mature == 1000
    assert rubric.sha256 != load_rubric().sha256


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("mature = 500\n", "matur = 500\n", ["criteria input_resistance", "'matur'", "'mature'"]),
        (
            'mature = ["cranial", "omn", "hpsc_table"] }',
            'matur = ["cranial"] }',
            ["input_resistance", "'matur'", "'mature'"],
        ),
        ('immature = ["hpsc_table", "simkin2021"], ', "", ["input_resistance", "source", "'immature'"]),
        ('immature = ["hpsc_table", "simkin2021"], ', "immature = [], ", ["input_resistance", "source", "'immature'"]),
        ('"hpsc_table", "simkin2021"]', '"hpsc_tabel"]', ["'hpsc_tabel'", "'hpsc_table'"]),
        ("mature = 500\n", "mature = 1000\n", ["both 1000", "differ"]),
        ("mature = 500\n", "", ["one of immature and mature is missing"]),
        ("mature = 500\n", "mature = nan\n", ["mature is nan", "finite number"]),
        ("mature = 500\n", "mature = true\n", ["mature is True", "finite number"]),
        ("mature = 500\n", "mature = 1" + "0" * 400 + "\n", ["mature", "finite number"]),
        ("mature = 500\n", "intermediate = 400\nmature = 500\n", ["intermediate 400", "between"]),
        ("weight = 0.25", "weight = -0.25", ["domains.passive", "-0.25", "not positive"]),
        ("weight = 0.25", "weight = 0", ["domains.passive", "not positive", "reported_apart"]),
        ("weight = 0.25", "", ["domains.passive", "weight is missing"]),
        ("weight = 0.0\n", "weight = 0.5\n", ["domains.synaptic", "reported apart"]),
        ("weight = 0.35\nminimum = 2", "weight = 0.35\nminimum = 9", ["domains.firing", "2 scored criteria", "9"]),
        ('unit = "MOhm"', 'unit = "megohm"', ["input_resistance", "'megohm'", "write"]),
        ('domain = "passive"', 'domain = "pasive"', ["'pasive'", "'passive'"]),
        ('basis = "proxy"', 'basis = "guess"', ["'guess'", "known are"]),
        ('role = "penalty"', 'role = "penality"', ["ap_threshold", "'penality'", "'penalty'"]),
        ('combine = "max"', 'combine = "maxi"', ["'maxi'", "'max'"]),
        ("phasic = 0.5, sustained = 1.0", "phasic = 0.5, sustained = 0.2", ["firing_pattern", "rise from 0 to 1"]),
        ('"none", "abortive", "single", "phasic"]', '"nome"]', ["max_sustained_rate", "'nome'", "'none'"]),
        ('silent_patterns = ["none", "abortive"]', 'silent_patterns = ["nome"]', ["stages", "'nome'", "'none'"]),
        (
            'stands_in_for = "resting_membrane_potential"',
            'stands_in_for = "resting"',
            ["baseline_potential", "'resting'"],
        ),
        ("low = 10\nhigh = 60", "low = 70\nhigh = 60", ["medium_ahp_decay_time", "no range"]),
        ('one_of = ["sustained"]', 'one_of = ["sustaned"]', ["'sustaned'", "'sustained'"]),
        ('target = "domain:passive"', 'target = "domain:pasive"', ["'domain:pasive'", "'domain:passive'"]),
        ('target = "ap_peak"\nabove = 0\nunit = "mV"', 'target = "ap_peak"\nabove = 0\nunit = "V"', ["ap_peak", "mV"]),
        ("above = 0\nunit", "above = 0\nat_least = 0\nunit", ["ap_peak", "2 conditions"]),
        (
            'at_least = 1\nunit = "1"\nsource = ["takazawa2012"]',
            'at_least = 1\nunit = "1"',
            ["rebound", "source is missing"],
        ),
        ('target = "ap_peak"\nmeasured = true', 'target = "ap_peak"\nmeasured = 1', ["measured is 1", "true or false"]),
        (
            'target = "ap_peak"\nmeasured = true',
            'target = "domain:ap"\nmeasured = true',
            ["measured", "need a feature"],
        ),
        ("measured = true\nonly_if_held = true", "only_if_held = true", ["resting_membrane_potential", "0 conditions"]),
        ('feature = "qc_holding_current"', 'feature = "holding"', ["qc_holding_current is missing", "add it"]),
        ("held_above_pa = 1\n", "", ["scenarios", "held_above_pa is missing"]),
        ('lower_bound_patterns = ["single"', 'lower_bound_patterns = ["singel"', ["'singel'", "'single'"]),
        ("immature_below = 0.35\n", "", ["stages", "immature_below is missing"]),
        ("resting_floor_mv = -110", 'resting_floor_mv = "low"', ["scenarios", "finite number"]),
        ("seal_mohm = [1000,", "seal_mohm = [-1000,", ["scenarios", "not positive"]),
        ("seal_mohm = [1000,", "seal_mohm = [inf,", ["scenarios", "finite number"]),
        ('shifted = ["resting', 'shifted = ["rebound_spike_count", "resting', ["'rebound_spike_count'", "mV"]),
        ('level = "cell"', 'level = "organism"', ["'organism'", "'cell'"]),
        ('link = "10.7554/eLife.04046"', 'link = "javascript:alert(1)"', ["references.leroy2014", "DOI"]),
        ('feature = "sag_ratio"', 'feature = "input_resistance"', ["input_resistance", "twice"]),
        ('name = "spinal_motor_neuron"', "name = ", ["not valid TOML", "line"]),
        ('name = "spinal_motor_neuron"', 'name = "a"\nevil = 1', ["unknown key 'evil'"]),
        ("[claims.excitable.gates]", "[claims.exitable.gates]", ["'exitable'", "'excitable'"]),
    ],
)
def test_a_bad_rubric_gives_one_line_with_file_and_place(tmp_path, old, new, words):
    assert old in TEXT
    bad = tmp_path / "bad.toml"
    bad.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RubricError) as caught:
        load_rubric(bad)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{bad}: ")
    assert ";" in message
    for word in words:
        assert word in message, message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"criteria = 3",
        b"domains = []",
        b"x = " + b"[" * 5000,
        b"\0",
        b"a = 1" + b"0" * 5000,
        b"#" * 2_000_000,
    ],
)
def test_no_bytes_raise_anything_else(data):
    with pytest.raises(RubricError) as caught:
        parse_rubric(data, "bad.toml")
    assert "\n" not in str(caught.value)


def test_control_characters_in_a_rubric_do_not_forge_a_line():
    with pytest.raises(RubricError) as caught:
        parse_rubric(b'"a\\nb\\u001b[31m" = 1', "bad.toml")
    assert str(caught.value).isprintable()


def test_a_missing_file_is_a_rubric_error(tmp_path):
    with pytest.raises(RubricError, match="cannot be read"):
        load_rubric(tmp_path / "none.toml")
    with pytest.raises(RubricError, match="cannot be read"):
        load_rubric(tmp_path)
