"""Feature core for sweeps: steps, quality, action potentials, firing and passive properties."""

from mnephys.patch.waveform import action_potentials

__all__ = ["action_potentials"]
