"""From neo objects and back: units are converted, annotations are kept."""

import neo
import numpy as np
import quantities as pq

import mnephys

# A segment per sweep as neo has it: response in volts, command in nanoamperes.
rate = 20.0 * pq.kHz
block = neo.Block(name="cell 7")
for current in (-0.02, 0.0, 0.02):
    command = np.zeros(20000)
    command[4000:14000] = current
    charging = 1.0 - np.exp(-np.clip(np.arange(20000) - 4000, 0, 10000) / 400.0)
    response = -0.065 + 0.2 * current * np.where(command != 0, charging, 0.0)
    segment = neo.Segment()
    segment.analogsignals += [
        neo.AnalogSignal(response, units="V", sampling_rate=rate),
        neo.AnalogSignal(command, units="nA", sampling_rate=rate),
    ]
    block.segments.append(segment)

recording = mnephys.from_neo(block)
print(recording)
resistance = mnephys.extract(recording).get("input_resistance")
print(f"input resistance {resistance.value:.1f} {resistance.unit} ({resistance.reason})")

again = mnephys.to_neo(recording)
print(f"back in neo: {len(again.segments)} segments, {again.segments[0].analogsignals[0].units}")

assert abs(resistance.value - 200.0) < 2.0
assert len(again.segments) == 3
