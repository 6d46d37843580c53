"""Feature core for sweeps: steps, quality, action potentials, firing and passive properties."""

from mnephys.patch.trains import ap_trains
from mnephys.patch.waveform import action_potentials

__all__ = ["action_potentials", "ap_trains"]
