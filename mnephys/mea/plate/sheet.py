"""From finished tables and the sample sheet to one feature of all wells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.mea.plate.wells import Wells, labelled
from mnephys.measurement import FeatureTable, Measurement, Status
from mnephys.recording import BoolArray
from mnephys.samples import Sample, Subject
from mnephys.samples.treatments import is_untreated, is_vehicle, vehicle_of

__all__ = ["well_values"]

UNNAMED = "no named vehicle"
"""What stands for the vehicle of control wells of which nobody says it, beside others whose vehicle is named."""

_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"no", "false", "0"})


def well_values(feature: str, tables: Mapping[str, FeatureTable], subjects: Sequence[Subject]) -> Wells:
    """Return one feature of all wells, with what the sample sheet says of them.

    Parameters
    ----------
    feature : str
        Its name.
    tables : mapping of str to FeatureTable
        The measurements of each recording, by its name.
    subjects : sequence of Subject
        The wells, as `mnephys.samples.group_wells` joins them.

    Returns
    -------
    Wells
        Recording by recording. A well that was not plated, or was not measured, has a status and no value. The
        controls of a recording, line and differentiation are the plated wells to which the sheet says ``yes``; where it
        says so to treated and to untreated wells, the untreated ones, as the others are positive controls. Where it
        says ``yes`` to none, they are the untreated wells to which it does not say ``no``: those with a vehicle or a
        dose of 0 if there are any (`mnephys.samples.treatments`), else all. Where control wells were given several
        vehicles, DMSO and water for example, each is a control of its own, and a treated well is compared with the one
        that the sheet names in its column ``control``.

    Examples
    --------
    >>> from mnephys.samples import PlateWells, group_wells
    >>> wells, _ = group_wells({"P1.csv": PlateWells("6-well", ("A1", "A2"), {"A2": {"treatment": "TTX"}})})
    >>> rate = Measurement("mean_firing_rate", 2.0, "", "Hz", level="well", id="A1")
    >>> found = well_values("mean_firing_rate", {"P1.csv": FeatureTable((rate,))}, wells)
    >>> found.well.tolist(), found.control.tolist(), found.reason
    (['A1', 'A2'], [True, False], ('', 'mean_firing_rate was not measured'))
    """
    samples = [
        (name, subject.plate, sample)
        for subject in subjects
        for name, sample in zip(subject.names, subject.samples, strict=True)
        if name in tables
    ]
    samples.sort(key=lambda entry: entry[0])
    measured = {
        (name, row.id): row for name, table in tables.items() for row in reversed(table.select(feature, level="well"))
    }
    judged = [_judged(measured.get((name, sample.well)), sample, feature) for name, _, sample in samples]
    wells = Wells(
        feature=feature,
        unit=next((row.unit for row in measured.values()), "1"),
        recording=np.array([name for name, _, _ in samples], dtype=str),
        plate=np.array([plate for _, plate, _ in samples], dtype=str),
        well=np.array([sample.well for *_, sample in samples], dtype=str),
        line=np.array([sample.line for *_, sample in samples], dtype=str),
        differentiation=np.array([sample.differentiation for *_, sample in samples], dtype=str),
        treatment=np.array([sample.treatment for *_, sample in samples], dtype=str),
        dose_unit=np.array([sample.dose_unit for *_, sample in samples], dtype=str),
        dose=np.array([np.nan if sample.dose is None else sample.dose for *_, sample in samples], dtype=np.float64),
        vehicle=np.full(len(samples), "", dtype=str),
        control=np.zeros(len(samples), dtype=bool),
        values=np.array([value for value, _, _ in judged], dtype=np.float64),
        status=tuple(status for _, status, _ in judged),
        reason=tuple(reason for _, _, reason in judged),
    )
    of = [sample for *_, sample in samples]
    wells = replace(wells, control=_controls(wells, of))
    return replace(wells, vehicle=_vehicles(wells, of))


def _judged(row: Measurement | None, sample: Sample, feature: str) -> tuple[float, Status, str]:
    """Return value, status and reason of one well."""
    if sample.plated is False:
        return np.nan, Status.EXCLUDED, "not plated, as was stated"
    if row is None:
        return np.nan, Status.NOT_APPLICABLE, f"{feature} was not measured"
    if row.ok and row.value is None:
        return np.nan, Status.NOT_APPLICABLE, f"{feature} is no number"
    return (row.value if row.ok and row.value is not None else np.nan), row.status, row.reason


def _controls(wells: Wells, samples: Sequence[Sample]) -> BoolArray:
    """Return the controls of each batch: the first kind of well below of which it has any."""
    said = [sample.control.strip().lower() for sample in samples]
    plated = _which([sample.plated is not False for sample in samples])
    yes, no = _which([text in _YES for text in said]), _which([text in _NO for text in said])
    untreated = _which([is_untreated(sample.treatment, sample.dose) for sample in samples])
    vehicle = _which([is_vehicle(sample.treatment, sample.dose) for sample in samples])
    kinds = np.array([untreated & yes, yes, vehicle & ~no, untreated & ~no]) & plated
    labels, batch = wells.batches()
    found = np.array([np.bincount(batch, weights=kind, minlength=len(labels)) for kind in kinds]) > 0
    chosen: BoolArray = kinds[found.argmax(axis=0)[batch], np.arange(len(samples))]
    return chosen


def _vehicles(wells: Wells, samples: Sequence[Sample]) -> NDArray[Any]:
    """Return the vehicle of each well of the batches whose control wells have several, named as the sheet does."""
    has = np.array([vehicle_of(sample.treatment) for sample in samples], dtype=str)
    said = np.array([vehicle_of(sample.control) for sample in samples], dtype=str)
    _, batch = wells.batches()
    found: dict[int, dict[str, str]] = {}
    of_controls = wells.control & (has != "")
    for at, vehicle, treatment in labelled(batch[of_controls], has[of_controls], wells.treatment[of_controls])[0]:
        found.setdefault(at, {}).setdefault(vehicle, treatment)
    several = {at: names for at, names in found.items() if len(names) > 1}
    meant = np.where(wells.control, has, said)
    unclear = np.where(wells.control, UNNAMED, "")
    each = zip(batch.tolist(), meant.tolist(), unclear.tolist(), strict=True)
    return np.array([several[at].get(name, none) if at in several else "" for at, name, none in each], dtype=str)


def _which(flags: list[bool]) -> BoolArray:
    return np.array(flags, dtype=bool)
