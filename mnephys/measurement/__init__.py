"""The result vocabulary: what a feature is, and what a measurement of it says.

A measurement is never a bare NaN, None or 0: where nothing could be measured it carries a status and
a reason that a person can read. Everything downstream (score, report, exports) sees only this.
"""

from __future__ import annotations

from mnephys.measurement.feature import Feature
from mnephys.measurement.measured import Measurement, Status
from mnephys.measurement.rows import COLUMNS, Rows
from mnephys.measurement.table import FeatureTable

__all__ = ["COLUMNS", "Feature", "FeatureTable", "Measurement", "Rows", "Status"]
