"""From a voltage-clamp recording to its rows and to what a figure needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Measurement, Status
from mnephys.patch.currents import passive, quality, stability
from mnephys.patch.currents.activation import Activation, Limb, find_limb
from mnephys.patch.currents.family import ACTIVE_MV, CurrentFamily, find_currents
from mnephys.patch.currents.features import FEATURES as DECLARED
from mnephys.patch.currents.leak import Leak, corrected_current, find_leak, unknown_leak
from mnephys.patch.currents.membrane_test import MembraneTest, run_membrane_test
from mnephys.patch.currents.peaks import current_voltage
from mnephys.patch.currents.potassium import measure_potassium
from mnephys.patch.currents.prepulse import find_pair
from mnephys.patch.currents.sodium import NONE_SEEN, Clamping, escape_spikes, measure_sodium, voltage_error
from mnephys.patch.limits import CurrentLimits, QualityLimits
from mnephys.recording import FloatArray, SweepRecording

__all__ = ["FEATURES", "CurrentsEvidence", "measure_currents"]

FEATURES = {**quality.FEATURES, **DECLARED}
"""All features of the room."""

NUMERICAL = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)
"""What arithmetic on samples may raise; what fails costs its own rows only."""

_OF_POTASSIUM = (*(name for name in DECLARED if name.startswith("k_")), "na_k_ratio")
_OF_SODIUM = tuple(name for name in DECLARED if name.startswith("na_") and name not in _OF_POTASSIUM)
_OF_FAMILY = (*_OF_SODIUM, *_OF_POTASSIUM, "qc_voltage_error", "qc_escape_spikes")


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
    limits: CurrentLimits | None = None,
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
        When to exclude sweeps, and from which voltage error on no curve is fitted; those of the package if omitted.

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
    limits = limits or QualityLimits.read().voltage_clamp
    family = find_currents(recording)
    if family is None:
        return _without_command(recording), CurrentsEvidence()
    family, holding, verdicts = quality.control_sweeps(family, limits)
    if not family.accepted.any():
        missing = [DECLARED[name].missing(Status.EXCLUDED, verdicts[-1].reason) for name in DECLARED]
        return [*verdicts, *missing], CurrentsEvidence()
    held = _unless_failing(stability.OF_HOLDING, lambda: stability.measure_holding(family, holding))
    try:
        test = run_membrane_test(family)
        membrane = passive.measure_membrane(test, family, limits)
    except NUMERICAL as error:
        test, membrane = None, _failed(passive.OF_TEST, error)
    try:
        leak = find_leak(family, test)
        leaking = passive.measure_leak(leak)
    except NUMERICAL as error:
        leak = unknown_leak()
        (leaking,) = _failed(("leak_conductance",), error)
    change = next(row for row in membrane if row.feature == "qc_series_resistance_change")
    rows = [*verdicts, *held, *membrane, stability.judge_stability(held[-1], change, limits), leaking]
    resistance = _stated(series_resistance, test.series if test is not None else float("nan"))
    clamping = _clamping(family, test, leak, resistance, capacitance, fit_anyway, limits)
    try:
        corrected = corrected_current(family, leak, family.measured & family.steps.test)
        table = current_voltage(family, leak, corrected)
        measured, limb, activation = _family_rows(family, leak, corrected, table, clamping)
    except NUMERICAL as error:
        return [*rows, *_failed(_OF_FAMILY, error)], CurrentsEvidence({}, test, leak)
    return [*rows, *measured], CurrentsEvidence(table, test, leak, limb, activation)


def _failed(names: Iterable[str], error: Exception) -> list[Measurement]:
    why = f"The computation failed: {error or type(error).__name__}."
    return [DECLARED[name].missing(Status.FAILED, why) for name in names]


def _unless_failing(names: Iterable[str], measure: Callable[[], list[Measurement]]) -> list[Measurement]:
    """Return the rows of some features, or that these failed: what one costs, the others keep."""
    try:
        return measure()
    except NUMERICAL as error:
        return _failed(names, error)


def _without_command(recording: SweepRecording) -> list[Measurement]:
    why = "Under voltage clamp, and the command potential is not known: the file holds no command."
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
    limits: CurrentLimits,
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
    return Clamping(resistance, value, source, correction, limits.voltage_error, asked, leak.known)


def _family_rows(
    family: CurrentFamily,
    leak: Leak,
    corrected: FloatArray,
    table: Mapping[str, NDArray[np.generic]],
    clamping: Clamping,
) -> tuple[list[Measurement], Limb | None, Activation | None]:
    used = np.asarray(table["family"], dtype=bool) & np.isfinite(np.asarray(table["inward_peak"], dtype=float))
    if not used.any():
        why = f"No step to {ACTIVE_MV:g} mV or above, so that neither Na nor K currents were opened."
        return [DECLARED[name].missing(Status.NOT_APPLICABLE, why) for name in _OF_FAMILY], None, None
    own: dict[str, FloatArray] = {key: np.asarray(column, dtype=float)[used] for key, column in table.items()}
    limb, raw = find_limb(family, corrected, own, leak)
    activation = None
    try:
        sodium, activation = measure_sodium(limb, raw, clamping)
    except NUMERICAL as error:
        sodium = _failed(_OF_SODIUM, error)
    seen = (
        sodium[0] if limb.present or limb.cut else DECLARED["na_current_peak"].missing(Status.TOO_FEW_EVENTS, NONE_SEEN)
    )
    potassium = _unless_failing(
        _OF_POTASSIUM, lambda: measure_potassium(family, own, find_pair(family, leak), seen, clamping)
    )
    voltage = _unless_failing(
        ("qc_voltage_error",), lambda: [voltage_error(limb, family.level[own["step"].astype(int)], own, clamping)]
    )
    spikes = _unless_failing(("qc_escape_spikes",), lambda: [escape_spikes(limb, int(own["repeated_spike"].sum()))])
    return [*sodium, *potassium, *voltage, *spikes], limb, activation
