"""The named definitions are those of the vendor's generations, and nothing else goes by their names."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from mnephys.mea import DEFINITIONS, definitions


def test_the_generations_differ_in_network_bursts_alone():
    old, new = asdict(definitions("axis-2015")), asdict(definitions("axis-2023"))
    assert {key: (old[key], new[key]) for key in old if old[key] != new[key]} == {
        "name": ("axis-2015", "axis-2023"),
        "network_burst_min_spikes": (10, 50),
        "network_burst_min_electrodes": (0.25, 0.35),
    }
    shared = (new["active_min_rate"], new["burst_max_isi"], new["burst_min_spikes"], new["network_burst_max_isi"])
    assert (*shared, new["sttc_window"]) == (5.0, 0.1, 5, 0.1, 0.05)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match=r"^definitions 'axis-2032' are not known; the nearest is 'axis-2023'$"):
        definitions("axis-2032")


def test_changed_numbers_lose_the_name():
    for name, known in DEFINITIONS.items():
        assert known.label == name
        assert replace(known, burst_min_spikes=4).label == "custom"
        assert replace(known, name="ours").label == "custom"


def test_the_mapping_does_not_change():
    with pytest.raises(TypeError):
        DEFINITIONS["axis-2023"] = definitions("axis-2015")
