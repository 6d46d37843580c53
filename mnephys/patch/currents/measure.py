"""From a voltage-clamp recording to its rows and to what a figure needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Measurement, Status
from mnephys.patch.currents import passive, quality
from mnephys.patch.currents.activation import Activation, Limb, find_limb
from mnephys.patch.currents.family import ACTIVE_MV, CurrentFamily, find_currents
from mnephys.patch.currents.features import FEATURES as DECLARED
from mnephys.patch.currents.leak import Leak, corrected_current, find_leak
from mnephys.patch.currents.membrane_test import MembraneTest, run_membrane_test
from mnephys.patch.currents.peaks import current_voltage
from mnephys.patch.currents.potassium import measure_potassium
from mnephys.patch.currents.prepulse import find_pair
from mnephys.patch.currents.sodium import Clamping, escape_spikes, measure_sodium
from mnephys.recording import FloatArray, SweepRecording

__all__ = ["FEATURES", "CurrentsEvidence", "measure_currents"]

FEATURES = {**quality.FEATURES, **DECLARED}
"""All features of the room."""

_OF_FAMILY = tuple(
    name for name in DECLARED if name.startswith(("na_", "k_")) or name in {"qc_voltage_error", "qc_escape_spikes"}
)


@dataclass(frozen=True, slots=True)
class CurrentsEvidence:
    """What the rows were made from.

    Parameters
    ----------
    table : mapping of str to ndarray, shape (n_steps,)
        The current-voltage table of `mnephys.patch.currents.peaks.current_voltage`; empty without steps.
    test : MembraneTest or None
        Mean response to the test steps and its fit.
    leak : Leak or None
        What was subtracted.
    limb : Limb or None
        Mean inward current per potential.
    activation : Activation or None
        Conductance per potential and its curve.
    """

    table: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    test: MembraneTest | None = None
    leak: Leak | None = None
    limb: Limb | None = None
    activation: Activation | None = None


def measure_currents(
    recording: SweepRecording,
    *,
    capacitance: float | None = None,
    series_resistance: float | None = None,
    fit_anyway: bool = False,
    limits: quality.CurrentLimits | None = None,
) -> tuple[list[Measurement], CurrentsEvidence]:
    """Measure membrane test, leak, Na and K currents of a voltage-clamp recording.

    Parameters
    ----------
    recording : SweepRecording
        Under voltage clamp.
    capacitance : float, optional
        Of the cell in pF, where it is known from elsewhere; else the membrane test's of the same recording, else what
        the amplifier had compensated.
    series_resistance : float, optional
        In MOhm, what compensation left over; else the membrane test's.
    fit_anyway : bool
        Fit the activation curve also where the voltage error is unknown or above its limit.
    limits : CurrentLimits, optional
        When to exclude sweeps, and from which voltage error on no curve is fitted.

    Returns
    -------
    rows : list of Measurement
        At least one per cell feature of `FEATURES`; every missing number with a status and a reason.
    evidence : CurrentsEvidence
        Table, traces and curves behind them.

    Raises
    ------
    UnitsError
        If the recording was made under current clamp.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.recording import Clamp
    >>> rows, _ = measure_currents(SweepRecording(np.zeros((1, 2000)), 20000.0, Clamp.VOLTAGE))
    >>> {row.feature: row.status.value for row in rows}["na_current_peak"]
    'not_applicable'
    """
    limits = limits or quality.CurrentLimits()
    family = find_currents(recording)
    if family is None:
        return _without_command(recording), CurrentsEvidence()
    family, holding, verdicts = quality.control_sweeps(family, limits)
    if not family.accepted.any():
        missing = [DECLARED[name].missing(Status.EXCLUDED, verdicts[-1].reason) for name in DECLARED]
        return [*verdicts, *missing], CurrentsEvidence()
    test = run_membrane_test(family)
    leak = find_leak(family, test)
    rows = [
        *verdicts,
        passive.measure_holding(family, holding),
        *passive.measure_membrane(test, family),
        passive.measure_leak(leak),
    ]
    resistance = _stated(series_resistance, test.series if test is not None else float("nan"))
    table = current_voltage(family, leak, resistance)
    clamping = _clamping(family, test, leak, resistance, capacitance, fit_anyway, limits)
    measured, limb, activation = _family_rows(family, leak, table, clamping)
    return [*rows, *measured], CurrentsEvidence(table, test, leak, limb, activation)


def _without_command(recording: SweepRecording) -> list[Measurement]:
    why = "The command potential is not known: the file holds no command."
    recorded = np.atleast_1d(np.isfinite(recording.response).any(axis=1))
    verdicts = [
        quality.FEATURES["qc_sweep"].category("used", id=f"s{sweep}")
        if found
        else quality.FEATURES["qc_sweep"].missing(Status.EXCLUDED, "nothing was recorded", id=f"s{sweep}")
        for sweep, found in enumerate(recorded.tolist())
    ]
    judged = [quality.FEATURES[name].missing(Status.NOT_APPLICABLE, why) for name in ("qc_clipping", "qc_recording")]
    return [*verdicts, *judged, *(feature.missing(Status.NOT_APPLICABLE, why) for feature in DECLARED.values())]


def _stated(stated: float | None, measured: float) -> float:
    return measured if stated is None or not (np.isfinite(stated) and stated > 0) else float(stated)


def _clamping(
    family: CurrentFamily,
    test: MembraneTest | None,
    leak: Leak,
    resistance: float,
    capacitance: float | None,
    asked: bool,
    limits: quality.CurrentLimits,
) -> Clamping:
    measured = test.capacitance if test is not None else float("nan")
    value = _stated(capacitance, measured)
    source = f"Capacitance of {value:.3g} pF from the membrane test."
    if value != measured:
        source = f"Capacitance of {value:.3g} pF as stated."
    if not np.isfinite(value) and family.compensated is not None:
        value = family.compensated
        source = f"Capacitance of {value:.3g} pF that the amplifier compensated, as the file says."
    if not np.isfinite(value):
        source = "The capacitance is not known: there is no membrane test and none was stated."
    correction = leak.source if leak.known else "Not leak-corrected: there is no subthreshold step."
    return Clamping(resistance, value, source, correction, limits.voltage_error, asked)


def _family_rows(
    family: CurrentFamily, leak: Leak, table: Mapping[str, NDArray[np.generic]], clamping: Clamping
) -> tuple[list[Measurement], Limb | None, Activation | None]:
    used = np.asarray(table["family"], dtype=bool) & np.isfinite(np.asarray(table["inward_peak"], dtype=float))
    if not used.any():
        why = f"No step to {ACTIVE_MV:g} mV or above, so that neither Na nor K currents were opened."
        return [DECLARED[name].missing(Status.NOT_APPLICABLE, why) for name in _OF_FAMILY], None, None
    own: dict[str, FloatArray] = {key: np.asarray(column, dtype=float)[used] for key, column in table.items()}
    corrected = corrected_current(family, leak, family.activation)
    limb = find_limb(family, corrected, own, ("inward_peak", "time_to_peak"), leak.blank)
    raw = find_limb(family, family.current.ravel(), own, ("inward_peak_raw", "time_to_peak"), leak.blank)
    at = np.abs(family.level[own["step"].astype(np.int64)] - limb.level[limb.at]) < 1e-6
    sodium, activation = measure_sodium(limb, raw, float(own["sustained"][at].mean()), clamping)
    potassium = measure_potassium(family, own, find_pair(family, leak), sodium[0], clamping)
    error = DECLARED["qc_voltage_error"]
    largest = own["voltage_error"]
    if np.isfinite(largest).any():
        at_level = own["command"][int(np.nanargmax(largest))]
        voltage = error.measured(float(np.nanmax(largest)), remark=f"At {at_level:g} mV.")
    else:
        voltage = error.missing(Status.NOT_APPLICABLE, "The series resistance is not known.")
    spikes = escape_spikes(limb, int(own["repeated_spike"].sum()))
    return [*sodium, *potassium, voltage, spikes], limb, activation
