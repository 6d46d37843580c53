"""What a vendor's export of metrics says of a plate: measurements that others made, without a spike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mnephys.measurement import FeatureTable
from mnephys.recording import PlateLayout, Provenance

__all__ = ["PlateSummary"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PlateSummary:
    """The metrics of a plate as its acquisition program exported them.

    Parameters
    ----------
    layout : PlateLayout
        The kind of plate.
    table : FeatureTable
        Rows at the levels ``plate``, ``well`` and ``electrode``, under the names that `mnephys.mea` gives to the same
        metrics. A well that the export leaves blank has rows with a status, and ``qc_well`` says so.
    well_facts : mapping of str to mapping
        As in `mnephys.recording.PlateRecording`.
    problems : tuple of str
        What the reader noticed, one sentence each.
    metadata : mapping
        Everything else that the file says.
    provenance : Provenance
        Where it came from.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS
    >>> PlateSummary(LAYOUTS["96-well"], FeatureTable())
    PlateSummary: metrics of a 96-well plate, 0 measurements
    """

    layout: PlateLayout
    table: FeatureTable
    well_facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)

    def __repr__(self) -> str:
        return f"PlateSummary: metrics of a {self.layout.name} plate, {len(self.table)} measurements"
