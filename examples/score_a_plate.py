"""Score the wells of a plate on two days, and look at what the core measures."""

from __future__ import annotations

import tempfile
from pathlib import Path

import mnephys

with tempfile.TemporaryDirectory() as folder:
    # In your own work: recordings = [mnephys.read("P1_DIV14_spike_list.csv"), ...]
    files = mnephys.simulate.simulate_plate(folder, days=(14, 28), duration=60.0)
    recordings = [mnephys.read(file) for file in files]
    sheet = mnephys.load_sheet(Path(folder, "samples.csv"))

young, old = mnephys.score(recordings, sheet=sheet)
print(old)
print(old["A1"])
assert old["A1"].maturity_index > young["A1"].maturity_index
assert old["A6"].maturity_index is None  # not plated, by the sample sheet

trains = recordings[1].trains
print(mnephys.mea.bursts(trains, "isi-threshold", max_isi=0.1, min_spikes=5))
print(mnephys.mea.network_bursts(trains))
print("synchrony of A1:", mnephys.mea.sttc(trains, window=0.05)["A1"].round(2)[:2])

table = mnephys.extract(recordings[1], definitions=mnephys.mea.definitions("axis-2015"))
print(table.get("network_burst_percentage", level="well", id="A1"))
