"""Hand a plate on: to neo always, to SpikeInterface where it is installed; any format that mnephys reads will do."""

import tempfile
from pathlib import Path

import mnephys
from mnephys.errors import MissingPackageError

with tempfile.TemporaryDirectory() as folder:
    (path,) = mnephys.simulate.simulate_plate(Path(folder), days=(21,), layout="24-well", duration=60.0)
    plate = mnephys.read(path)
print(plate)

block = mnephys.to_neo(plate)
trains = {train.name: train for train in block.segments[0].spiketrains}
busiest = max(trains.values(), key=len)
print(f"neo: {len(trains)} spike trains, {busiest.size} spikes on {busiest.name} of well {busiest.annotations['well']}")
assert sum(train.size for train in trains.values()) == plate.trains.n_spikes

# A raw file (.raw, MCS, MaxWell, 3Brain, NWB) has a signal too: block.segments[0].analogsignals[0] is read by .load(),
# traces are what SpikeInterface reads by get_traces(), and neither takes memory before it is asked.
try:
    traces, sorting = mnephys.to_spikeinterface(plate)
except MissingPackageError as error:
    print(error)
else:
    print(f"SpikeInterface: {sorting}")
    assert sorting.get_unit_spike_train(busiest.name).size == busiest.size
