"""Voltage clamp: membrane test, leak, current-voltage table, Na and K currents."""

from mnephys.patch.currents.measure import FEATURES, CurrentsEvidence, measure_currents
from mnephys.patch.limits import CurrentLimits

__all__ = ["FEATURES", "CurrentLimits", "CurrentsEvidence", "measure_currents"]
