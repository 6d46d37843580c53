"""Figures: data and optional matplotlib axes in, axes out.

Each function takes an evidence record or score records (plain dictionaries, as the store keeps them) and
returns the axes it drew on, so that a figure can be combined, changed and saved in the usual way.
"""

from mnephys.plot.criteria import criteria
from mnephys.plot.currents import current_voltage, event_amplitudes
from mnephys.plot.days import trajectories
from mnephys.plot.firing import firing_curve
from mnephys.plot.plates import plate_map
from mnephys.plot.spikes import raster
from mnephys.plot.traces import command, sweeps
from mnephys.plot.waveform import phase_plane

__all__ = [
    "command",
    "criteria",
    "current_voltage",
    "event_amplitudes",
    "firing_curve",
    "phase_plane",
    "plate_map",
    "raster",
    "sweeps",
    "trajectories",
]
