"""The limits come from a TOML file, and whatever is wrong with one is named with file and key."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import asdict, fields, replace
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.errors import LimitsError
from mnephys.patch.limits import BUILT_IN, CurrentLimits, QualityLimits

SHIPPED = (resources.files("mnephys.patch") / BUILT_IN).read_text(encoding="utf-8")
OPTIONAL = {"current_clamp": {"baseline_noise_slow"}, "voltage_clamp": {"noise_slow"}}
NAMES = {
    "current_clamp": {item.name for item in fields(QualityLimits)} - {"name", "voltage_clamp"},
    "voltage_clamp": {item.name for item in fields(CurrentLimits)},
}


def _file(tmp_path, text, name="lab.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_file_of_the_package_has_every_limit_and_only_these():
    content = tomllib.loads(SHIPPED)
    assert set(content) == {"name", *NAMES}
    limits = QualityLimits.read()
    for table, own in (("current_clamp", limits), ("voltage_clamp", limits.voltage_clamp)):
        assert set(content[table]) == NAMES[table] - OPTIONAL[table]
        assert all(getattr(own, name) is None for name in OPTIONAL[table])
        assert all(getattr(own, name) == value for name, value in content[table].items())


def test_every_limit_of_the_file_says_its_unit_and_why():
    lines = SHIPPED.splitlines()
    keys = [n for n, line in enumerate(lines) if re.match(r"(# )?[a-z_]+ = [-0-9]", line)]
    assert len(keys) == sum(map(len, NAMES.values()))
    for number in keys:
        begin = max(n for n in range(number) if not lines[n].startswith("# ") or lines[n].startswith("# ---")) + 1
        comment = " ".join(line[2:] for line in lines[begin:number])
        assert re.match(r"(mV|ms|mV/ms|MOhm|pA|pF|Samples|Runs|Bands|Share|Multiple|Standard errors)\b", comment), (
            lines[number]
        )
        assert len(comment) > 40, lines[number]


def test_no_limit_speaks_of_a_smallest_action_potential_or_of_a_dead_cell():
    forbidden = "dead|height|amplitude|rest_|overshoot|smallest_current|density"
    assert not [name for names in NAMES.values() for name in names if re.search(forbidden, name)]


def test_what_a_file_leaves_out_stays(tmp_path):
    limits = QualityLimits.read(_file(tmp_path, "[current_clamp]\r\nbaseline_shift = 5\r\nbaseline_noise_slow = 2.5\n"))
    default = QualityLimits.read()
    assert limits == replace(default, name="lab", baseline_shift=5.0, baseline_noise_slow=2.5)
    assert limits.label == "lab"
    assert limits.changed() == ["baseline_shift 5 mV instead of 10 mV", "baseline_noise_slow 2.5 mV instead of none"]
    assert QualityLimits.read(_file(tmp_path, 'name = "rig 2"\n')) == replace(default, name="rig 2")
    assert QualityLimits.read(_file(tmp_path, SHIPPED)) == default


def test_the_table_of_voltage_clamp_is_read_like_that_of_current_clamp(tmp_path):
    text = "[voltage_clamp]\nnoise = 20\nnoise_slow = 30.5\n[current_clamp]\nclipping_samples = 5\n"
    limits, default = QualityLimits.read(_file(tmp_path, text)), QualityLimits.read()
    currents = replace(default.voltage_clamp, noise=20.0, noise_slow=30.5)
    assert limits == replace(default, name="lab", clipping_samples=5.0, voltage_clamp=currents)
    assert limits.changed() == [
        "clipping_samples 5 samples instead of 3 samples",
        "voltage_clamp.noise 20 pA instead of 100 pA",
        "voltage_clamp.noise_slow 30.5 pA instead of none",
    ]


def test_what_a_run_kept_of_its_limits_gives_them_back(tmp_path):
    text = "[voltage_clamp]\nnoise_slow = 30.5\n[current_clamp]\nbaseline_noise_slow = 2\n"
    for limits in (QualityLimits.read(), QualityLimits.read(_file(tmp_path, text))):
        assert QualityLimits.recorded(json.loads(json.dumps(asdict(limits)))) == limits
    without = {key: value for key, value in asdict(limits).items() if key != "voltage_clamp"}
    assert QualityLimits.recorded(without) == replace(limits, voltage_clamp=QualityLimits.read().voltage_clamp)
    with pytest.raises(LimitsError, match=r"quality limits: \[voltage_clamp\]: noise is '3'; give it a number \(pA\)"):
        QualityLimits.recorded({"voltage_clamp": {"noise": "3"}})
    with pytest.raises(LimitsError, match="quality limits: voltage_clamp is not a table"):
        QualityLimits.recorded({"voltage_clamp": [3]})


def test_numbers_that_are_not_those_of_the_package_are_not_called_default():
    default = QualityLimits.read()
    assert (default.label, default.changed()) == ("default", [])
    assert replace(default, clipping=2.0).label == "custom"
    assert replace(default, voltage_clamp=replace(default.voltage_clamp, noise=2.0)).label == "custom"


TABLE = "[current_clamp]"
OF_TABLE = [
    ("baseline_shfit = 5", " unknown key 'baseline_shfit'; the nearest is 'baseline_shift'"),
    ("clipping = '1'", ": clipping is '1'; give it a number (ms)"),
    ("clipping = true", ": clipping is True; give it a number (ms)"),
    ("clipping = [1]", ": clipping is [1]; give it a number (ms)"),
    ("clipping = nan", ": clipping is nan; give it 0.01 to 100000 (ms)"),
    ("baseline_shift = inf", ": baseline_shift is inf; give it 0 to 1000 (mV)"),
    ("baseline_shift = -1", ": baseline_shift is -1; give it 0 to 1000 (mV)"),
    ("clipping_samples = 3.5", ": clipping_samples is 3.5; give it a whole number (samples)"),
    ("clipping_samples = 2", ": clipping_samples is 2; give it 3 to 1e+06 (samples)"),
    ("leak_resistance = 1000", ": leak_resistance is 1000; give it 0 to 300 (MOhm)"),
    ("ohmic_resistance = 2000", ": ohmic_resistance is 2000; give it 0 to 1000 (MOhm)"),
]
TOO_LONG = "is nested too deeply or has a number too long; write a plain TOML file"
OF_FILE = [
    ("baseline_shift = 5", "unknown key 'baseline_shift'; it belongs below [current_clamp]"),
    ("[current_clmp]", "unknown key 'current_clmp'; the nearest is 'current_clamp'"),
    ("voltage_error = 5", "unknown key 'voltage_error'; it belongs below [voltage_clamp]"),
    ("clipping_samples = 5", "unknown key 'clipping_samples'; it belongs below [current_clamp] or [voltage_clamp]"),
    ("[voltage_clmp]", "unknown key 'voltage_clmp'; the nearest is 'voltage_clamp'"),
    ("voltage_clamp = 3", "voltage_clamp is not a table; write it as [voltage_clamp]"),
    ("[voltage_clamp]\nnois = 5", "[voltage_clamp] unknown key 'nois'; the nearest is 'noise'"),
    ("[voltage_clamp]\nnoise = nan", "[voltage_clamp]: noise is nan; give it 0 to 1e+06 (pA)"),
    ("[voltage_clamp]\nvoltage_error = -1", "[voltage_clamp]: voltage_error is -1; give it 0 to 1000 (mV)"),
    ("[voltage_clamp]\nclipping_runs = 2.5", "[voltage_clamp]: clipping_runs is 2.5; give it a whole number (runs)"),
    ("current_clamp = 3", "current_clamp is not a table; write it as [current_clamp]"),
    ("[[current_clamp]]", "current_clamp is not a table; write it as [current_clamp]"),
    ("[current_clamp]\nclipping = 1\nclipping = 2", "is not valid TOML: "),
    ("name = 3", "name is no text of 1 to 60 characters; give it one"),
    ("name = ' '", "name is no text of 1 to 60 characters; give it one"),
    ("clipping = " + "9" * 5000, TOO_LONG),
    ("x = " + "[" * 5000, TOO_LONG),
    ("# " + "x" * 1_000_001, "is longer than 1000000 bytes; quality limits are a short TOML file"),
]


@pytest.mark.parametrize(
    ("text", "said"),
    [*((f"{TABLE}\n{text}", f"lab.toml: {TABLE}{said}") for text, said in OF_TABLE)]
    + [(text, f"lab.toml: {said}") for text, said in OF_FILE],
)
def test_what_is_wrong_with_a_file_is_named_with_file_and_key(tmp_path, monkeypatch, text, said):
    _file(tmp_path, text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LimitsError) as caught:
        QualityLimits.read("lab.toml")
    assert str(caught.value).startswith(said)
    assert str(caught.value).splitlines() == [str(caught.value)]


def test_a_file_that_is_none_or_no_text_is_named(tmp_path):
    with pytest.raises(LimitsError, match=r"none\.toml: cannot be read"):
        QualityLimits.read(tmp_path / "none.toml")
    with pytest.raises(LimitsError, match="cannot be read"):
        QualityLimits.read(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(LimitsError, match="is not UTF-8 text"):
        QualityLimits.read(tmp_path / "latin.toml")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_raise_anything_else(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("toml") / "any.toml"
    path.write_bytes(data)
    said = ""
    try:
        QualityLimits.read(path)
    except LimitsError as error:
        said = str(error)
    assert said.isprintable()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -5.0, "3", True, None])
def test_numbers_that_cannot_be_meant_are_refused_in_python_too(value):
    with pytest.raises(LimitsError, match="quality limits: baseline_shift is"):
        replace(QualityLimits.read(), baseline_shift=value)
    with pytest.raises(LimitsError, match="quality limits: holding_shift is"):
        replace(QualityLimits.read().voltage_clamp, holding_shift=value)
