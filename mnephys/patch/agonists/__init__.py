"""Responses to what was applied, from recordings whose tags say when: agonists, and tetrodotoxin."""

from mnephys.patch.agonists.measure import FEATURES, measure_agonists

__all__ = ["FEATURES", "measure_agonists"]
