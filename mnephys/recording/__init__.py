"""The data model: what a reader returns and the feature core works on.

Everything is a plain array in a fixed unit; `neo` and `quantities` objects exist only at the
boundary (`mnephys.from_neo`, `mnephys.to_neo`). Sweeps of a cell are a `SweepRecording`, the spikes and the raw
voltage of a multi-electrode plate a `PlateRecording`.
"""

from mnephys.recording.arrays import BoolArray, FloatArray, IntArray
from mnephys.recording.layout import LAYOUTS, LIKELY, PlateLayout, grid_place, layout_holding, layout_named, well_name
from mnephys.recording.plate import ELECTRODE, DurationSource, PlateRecording
from mnephys.recording.provenance import SIMULATED_COMMENT, Provenance
from mnephys.recording.signal import SEGMENT, CountedSignal, Signal, segment_edges, whole_segment
from mnephys.recording.sweeps import Clamp, CommandSource, SweepRecording
from mnephys.recording.trains import SpikeTrains, Waveforms

__all__ = [
    "ELECTRODE",
    "LAYOUTS",
    "LIKELY",
    "SEGMENT",
    "SIMULATED_COMMENT",
    "BoolArray",
    "Clamp",
    "CommandSource",
    "CountedSignal",
    "DurationSource",
    "FloatArray",
    "IntArray",
    "PlateLayout",
    "PlateRecording",
    "Provenance",
    "Signal",
    "SpikeTrains",
    "SweepRecording",
    "Waveforms",
    "grid_place",
    "layout_holding",
    "layout_named",
    "segment_edges",
    "well_name",
    "whole_segment",
]
