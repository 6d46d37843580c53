"""Spontaneous and miniature postsynaptic currents under voltage clamp."""

from mnephys.patch.synaptic.features import FEATURES, Synaptic, analyse_synaptic, measure_synaptic
from mnephys.patch.synaptic.finding import events

__all__ = ["FEATURES", "Synaptic", "analyse_synaptic", "events", "measure_synaptic"]
