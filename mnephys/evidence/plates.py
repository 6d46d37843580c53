"""The evidence record of a plate: binned spikes of each electrode, network bursts, where it all came from."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.mea.definitions import Definitions
from mnephys.mea.network_bursts import NetworkBursts
from mnephys.measurement import FeatureTable
from mnephys.recording import IntArray, PlateLayout, PlateRecording, Provenance
from mnephys.summary import PlateSummary

__all__ = ["plate_evidence", "summary_evidence"]

N_BINS = 1000
MOST_BURSTS = 500
MOST_ROWS = 64


def plate_evidence(
    recording: PlateRecording, table: FeatureTable, definitions: Definitions, bursts: NetworkBursts
) -> dict[str, Any]:
    """Return the evidence record of a recording of spikes.

    Parameters
    ----------
    recording : PlateRecording
        What was measured.
    table : FeatureTable
        What was found.
    definitions : Definitions
        By which.
    bursts : NetworkBursts
        Its network bursts.

    Returns
    -------
    dict
        JSON-ready. Of each well with spikes, the spikes of each electrode in 1000 bins: base64 of the zlib-compressed
        bytes of an array of uint8, shape (n_electrodes, n_bins), counts beyond 255 as 255. Of a well with more than
        64 electrodes the 64 with the most spikes; ``labels`` names the electrodes of a well where they are not
        those of the layout.

    Examples
    --------
    >>> from mnephys.mea import definitions, network_bursts
    >>> from mnephys.recording import LAYOUTS, SpikeTrains
    >>> from mnephys.recording.plate import electrodes_of
    >>> electrodes = electrodes_of(LAYOUTS["24-well"])
    >>> trains = SpikeTrains.from_lists([[0.5]] + [[]] * 383, groups=electrodes["well"], stop=60.0)
    >>> plate = PlateRecording(LAYOUTS["24-well"], electrodes, trains)
    >>> record = plate_evidence(plate, FeatureTable(), definitions("axis-2023"), network_bursts(trains))
    >>> list(record["raster"]["wells"]), record["n_spikes"]
    (['A1'], 1)
    """
    return {
        **_common(recording.layout, table, recording.well_facts, recording.problems, recording.provenance),
        "source": "spikes" if recording.trains is not None else "signal",
        "start": recording.start,
        "stop": recording.stop,
        "duration": recording.duration,
        "duration_source": recording.duration_source.value,
        "n_spikes": recording.trains.n_spikes if recording.trains is not None else None,
        "detection": _detection(table) if recording.signal is not None else "",
        "definitions": {**asdict(definitions), **_in_percent(definitions)},
        "raster": _rasters(recording),
        "network_bursts": _bursts(recording, bursts),
    }


def summary_evidence(summary: PlateSummary) -> dict[str, Any]:
    """Return the evidence record of a vendor's export of metrics.

    Parameters
    ----------
    summary : PlateSummary
        As it was read.

    Returns
    -------
    dict
        JSON-ready, with the keys of `plate_evidence`; without spikes there is no raster.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS
    >>> summary_evidence(PlateSummary(LAYOUTS["96-well"], FeatureTable()))["source"]
    'metrics'
    """
    rows = {row.feature: row for row in summary.table if row.level == "plate" and row.ok}
    duration = rows["recording_duration"].value if "recording_duration" in rows else None
    names = [name for name in rows if name not in {"recording_duration", "qc_origin", "qc_recording"}]
    counts = [row.value for row in summary.table if row.feature == "spike_count" and row.level == "well" and row.ok]
    return {
        **_common(summary.layout, summary.table, summary.well_facts, summary.problems, summary.provenance),
        "source": "metrics",
        "start": None,
        "stop": None,
        "duration": duration,
        "duration_source": "stated by the file",
        "n_spikes": int(sum(count for count in counts if count is not None)) if counts else None,
        "detection": "",
        "definitions": {
            "name" if name == "definitions" else name: rows[name].text or rows[name].value for name in names
        },
        "raster": {"n_bins": N_BINS, "wells": {}, "labels": {}},
        "network_bursts": {},
    }


def _detection(table: FeatureTable) -> str:
    """Return how spikes were detected, empty where the file holds them."""
    found = next((row for row in table if row.feature == "spike_detection"), None)
    return found.text or "" if found is not None and found.ok and found.reason else ""


def _in_percent(definitions: Definitions) -> dict[str, float]:
    """Return what the features and a vendor's export state in percent; a record must not depend on its source."""
    return {"network_burst_min_electrodes": 100.0 * definitions.network_burst_min_electrodes}


def _common(
    layout: PlateLayout,
    table: FeatureTable,
    facts: Mapping[str, Mapping[str, str]],
    problems: tuple[str, ...],
    provenance: Provenance,
) -> dict[str, Any]:
    origin = next((row.text for row in table if row.feature == "qc_origin" and row.ok), "recorded")
    return {
        "kind": "plate",
        "origin": origin,
        "layout": {
            "name": layout.name,
            "rows": layout.rows,
            "columns": layout.columns,
            "labels": list(layout.labels),
        },
        "well_facts": {well: dict(said) for well, said in facts.items()},
        "problems": list(problems),
        "provenance": {**asdict(provenance), "parameters": dict(provenance.parameters)},
    }


def _rasters(recording: PlateRecording) -> dict[str, Any]:
    """Return the binned spikes of every well that has some."""
    found: dict[str, Any] = {"n_bins": N_BINS, "wells": {}, "labels": {}}
    trains, well = recording.trains, recording.electrodes["well"]
    span = recording.stop - recording.start
    if trains is None or not trains.n_spikes or span <= 0:
        return found
    kept = _most_active(trains.counts, well)
    row = np.full(trains.n_trains, -1)
    row[kept] = np.arange(kept.size)
    bins = ((trains.times - trains.start) * (N_BINS / span)).astype(np.int64)
    row_of_spike = row[trains.train_of_spike]
    cell = (row_of_spike * N_BINS + np.clip(bins, 0, N_BINS - 1))[row_of_spike >= 0]
    packed = np.minimum(np.bincount(cell, minlength=kept.size * N_BINS), 255).astype(np.uint8).reshape(-1, N_BINS)
    labels, standard = recording.electrodes["label"][kept], list(recording.layout.labels)
    names, of_well = np.unique(well[kept], return_inverse=True)
    for name in recording.wells:
        here = of_well == np.searchsorted(names, name)
        if not packed[here].any():
            continue
        found["wells"][name] = base64.b64encode(zlib.compress(packed[here].tobytes(), 6)).decode("ascii")
        own = labels[here].tolist()
        if own != standard:
            found["labels"][name] = own
    return found


def _most_active(counts: IntArray, well: NDArray[Any]) -> IntArray:
    """Return which trains are pictured, in their own order: of each well those with the most spikes."""
    _, of_well = np.unique(well, return_inverse=True)
    order = np.lexsort((-counts, of_well))
    first = np.searchsorted(of_well[order], of_well[order])
    return np.sort(order[np.arange(order.size) - first < MOST_ROWS])


def _bursts(recording: PlateRecording, bursts: NetworkBursts) -> dict[str, list[list[float]]]:
    if recording.trains is None:
        return {}
    labels, _ = recording.trains.grouped()
    found: dict[str, list[list[float]]] = {}
    edges = np.round(np.column_stack([bursts.start, bursts.stop]), 5).tolist()
    for group, edge in zip(bursts.group.tolist(), edges, strict=True):
        kept = found.setdefault(labels[group], [])
        if len(kept) < MOST_BURSTS:
            kept.append(edge)
    return found
