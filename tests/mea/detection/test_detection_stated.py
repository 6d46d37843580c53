"""Settings of spike detection from a file: every key, its limits, and one line for whatever is wrong."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.errors import DetectionError
from mnephys.mea.detection.kernel import bandpass_kernel
from mnephys.mea.detection.search import detect
from mnephys.mea.detection.settings import DetectionSettings, fitted
from mnephys.mea.detection.stated import read_settings, template

OWN = {
    "band": [200.0, 3000.0],
    "order": 2,
    "zero_phase": False,
    "threshold": 5.5,
    "noise": "adaptive",
    "polarity": "both",
    "dead_time": 0.002,
    "coincident_electrodes": 3,
    "coincident_window": 0.0001,
}


def written(folder, text, name="lab.toml"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def as_toml(key, value):
    return f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}\n"


def test_the_file_to_copy_has_every_setting_as_it_is_built_in(tmp_path):
    shown = tomllib.loads(template())
    assert list(shown) == [field.name for field in fields(DetectionSettings)]
    assert {**shown, "band": tuple(shown["band"])} == asdict(DetectionSettings())
    assert read_settings(written(tmp_path, template())) == DetectionSettings()


@pytest.mark.parametrize("key", list(OWN))
def test_each_key_alone_changes_its_setting_and_no_other(tmp_path, key):
    found = asdict(read_settings(written(tmp_path, as_toml(key, OWN[key]))))
    usual = asdict(DetectionSettings())
    assert found[key] != usual[key]
    assert {**found, key: None} == {**usual, key: None}
    assert found[key] == (tuple(OWN[key]) if key == "band" else OWN[key])


def test_lines_may_end_as_on_windows(tmp_path):
    assert read_settings(written(tmp_path, b"threshold = 6\r\norder = 2\r\n")).threshold == 6.0


BAND = "give it two edges in Hz, from 100 on and the upper one at least 2 times the lower"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("treshold = 5", "unknown key 'treshold'; the nearest is 'threshold'"),
        ("[detection]\nthreshold = 5", "unknown key 'detection'; known are band, coincident_electrodes,"),
        ("threshold = 0.9", "threshold is 0.9; give it a number from 1 to 100 (times the noise)"),
        ("threshold = nan", "threshold is nan; give it a number from 1 to 100 (times the noise)"),
        ("threshold = true", "threshold is True; give it a number from 1 to 100 (times the noise)"),
        (f"threshold = {'9' * 400}", "threshold is 9999999999999999999999999999999999999999...; give it a number"),
        ("order = 2.5", "order is 2.5; give it a whole number from 1 to 10"),
        ("order = 11", "order is 11; give it a whole number from 1 to 10"),
        ("order = true", "order is True; give it a whole number from 1 to 10"),
        ("zero_phase = 1", "zero_phase is 1; give it true or false"),
        ("noise = 'sd'", "noise is 'sd'; "),
        ("noise = 'adaptiv'", "noise is 'adaptiv'; the nearest is 'adaptive'"),
        ("noise = 5", "noise is 5; known are mad, adaptive"),
        ("polarity = 'Negative'", "polarity is 'Negative'; the nearest is 'negative'"),
        ("polarity = ['negative']", "polarity is ['negative']; known are negative, positive, both"),
        ("dead_time = -1e-3", "dead_time is -0.001; give it a number from 0 to 1 (s)"),
        ("coincident_electrodes = 1", "coincident_electrodes is 1; give it a whole number from 2 to 1000 (electrodes)"),
        ("coincident_window = 1", "coincident_window is 1; give it a number from 0 to 0.01 (s)"),
        ("band = 300", f"band is 300; {BAND}"),
        ("band = [300, 599]", f"band is [300, 599]; {BAND}"),
        ("band = [99.0, 3000.0]", f"band is [99.0, 3000.0]; {BAND}"),
        ("band = [300, inf]", f"band is [300, inf]; {BAND}"),
        ("band = [300, 'x']", f"band is [300, 'x']; {BAND}"),
        ("threshold 5", "is not valid TOML"),
        (b"\xff\xfe", "is not UTF-8 text; save it as UTF-8"),
        ("#" * 1_000_001, "is longer than 1000000 bytes; settings of detection are a short TOML file"),
        (f"a = {'[' * 100_000}", "is nested too deeply"),
    ],
)
def test_what_is_wrong_is_said_with_file_key_and_advice(tmp_path, text, said):
    path = written(tmp_path, text)
    with pytest.raises(DetectionError) as caught:
        read_settings(path)
    assert str(caught.value).startswith(f"{path}: {said}")
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(DetectionError, match="cannot be read"):
        read_settings(tmp_path)


@given(
    low=st.floats(100.0, 50_000.0),
    width=st.floats(2.0, 500.0),
    order=st.integers(1, 10),
    zero_phase=st.booleans(),
    rate=st.sampled_from([1e3, 1e4, 12.5e3, 2e4, 5e4]),
)
@settings(deadline=None, max_examples=60)
def test_a_band_that_is_taken_can_be_searched_at_any_rate_or_is_refused_by_it(
    tmp_path_factory, low, width, order, zero_phase, rate
):
    high = min(low * width, 1e5)
    text = as_toml("band", [low, high]) + as_toml("order", order) + as_toml("zero_phase", zero_phase)
    found = read_settings(written(tmp_path_factory.mktemp("band"), text))
    used = fitted(found, rate)
    if used is not None:
        kernel = bandpass_kernel(rate, used.band, used.order, zero_phase=used.zero_phase)
        assert np.isfinite(kernel.taps).all()


def test_the_extremes_of_every_key_can_be_searched_with(tmp_path):
    signal = np.random.default_rng(0).normal(0, 5, (4000, 2))
    for key, values in {
        "threshold": (1, 100),
        "dead_time": (0, 1),
        "order": (1, 10),
        "coincident_window": (0, 0.01),
    }.items():
        for value in values:
            used = read_settings(written(tmp_path, as_toml(key, value)))
            assert detect(signal, 12500.0, used).faults == ("", "")
