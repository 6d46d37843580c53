"""Feature core for sweeps: steps, quality, action potentials, firing, passive properties, currents, synaptic events."""

from mnephys.patch import currents, synaptic
from mnephys.patch.limits import QualityLimits
from mnephys.patch.trains import ap_trains
from mnephys.patch.waveform import action_potentials

__all__ = ["QualityLimits", "action_potentials", "ap_trains", "currents", "synaptic"]
