"""The data model: what a reader returns and the feature core works on.

Everything is a plain array in a fixed unit; `neo` and `quantities` objects exist only at the
boundary (`mnephys.from_neo`, `mnephys.to_neo`). Sweeps of a cell are a `SweepRecording`, the spikes of
a multi-electrode plate a `PlateRecording`.
"""

from mnephys.recording.arrays import BoolArray, FloatArray, IntArray
from mnephys.recording.layout import LAYOUTS, LIKELY, PlateLayout, layout_holding, layout_named, well_name
from mnephys.recording.plate import ELECTRODE, DurationSource, PlateRecording
from mnephys.recording.provenance import SIMULATED_COMMENT, Provenance
from mnephys.recording.sweeps import Clamp, CommandSource, SweepRecording
from mnephys.recording.trains import SpikeTrains

__all__ = [
    "ELECTRODE",
    "LAYOUTS",
    "LIKELY",
    "SIMULATED_COMMENT",
    "BoolArray",
    "Clamp",
    "CommandSource",
    "DurationSource",
    "FloatArray",
    "IntArray",
    "PlateLayout",
    "PlateRecording",
    "Provenance",
    "SpikeTrains",
    "SweepRecording",
    "layout_holding",
    "layout_named",
    "well_name",
]
