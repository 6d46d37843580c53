"""The rows of the membrane test and the leak."""

from __future__ import annotations

import numpy as np

from mnephys.measurement import Measurement, Status
from mnephys.patch.currents.family import CurrentFamily
from mnephys.patch.currents.features import FEATURES
from mnephys.patch.currents.leak import Leak
from mnephys.patch.currents.membrane_test import MembraneTest
from mnephys.patch.limits import CurrentLimits
from mnephys.recording import FloatArray, IntArray

__all__ = ["OF_TEST", "measure_leak", "measure_membrane"]

END_SHARE = 0.2
OF_TEST = (
    "series_resistance",
    "series_resistance_peak",
    "membrane_test_resistance",
    "membrane_test_capacitance",
    "membrane_test_capacitance_charge",
    "qc_series_resistance_change",
)
NO_STEP = "No test step of 1 to 20 mV that hyperpolarises from the holding potential or stays at -60 mV or below."


def measure_membrane(test: MembraneTest | None, family: CurrentFamily, limits: CurrentLimits) -> list[Measurement]:
    """Measure what the membrane test says.

    Parameters
    ----------
    test : MembraneTest or None
        From `mnephys.patch.currents.membrane_test.run_membrane_test`.
    family : CurrentFamily
        The recording.
    limits : CurrentLimits
        What may be a seal.

    Returns
    -------
    list of Measurement
        One row per cell feature of the test, and `series_resistance` of every sweep with test steps.
    """
    if test is None:
        return [FEATURES[name].missing(Status.NOT_APPLICABLE, NO_STEP) for name in OF_TEST]
    if not test.ok or test.fit is None:
        rows = [FEATURES[name].missing(test.status, test.reason) for name in OF_TEST]
        if np.isfinite(test.total):
            said = (
                f"Series resistance included, which could not be told apart. {test.reason}{_seal(test, family, limits)}"
            )
            rows[2] = FEATURES[OF_TEST[2]].measured(test.total, remark=said)
        return rows
    spread = [_spread(values) for values in (test.each_series, test.each_membrane, test.each_capacitance)]
    peak, sealed = 1e3 / test.fit.peak, _seal(test, family, limits)
    rows = [
        FEATURES[OF_TEST[0]].measured(
            test.series, remark=f"{test.remark}{spread[0]} The peak alone would give {peak:.3g} MOhm."
        ),
        FEATURES[OF_TEST[1]].measured(peak),
        FEATURES[OF_TEST[2]].measured(
            test.membrane, remark=f"With the series resistance {test.total:.4g} MOhm.{spread[1]}{sealed}"
        ),
        FEATURES[OF_TEST[3]].measured(
            test.capacitance,
            remark=f"From the fit; the area gives {test.charge_capacitance:.3g} pF.{spread[2]}{sealed}",
        ),
        FEATURES[OF_TEST[4]].measured(test.charge_capacitance),
        _change(test, family),
    ]
    sweeps, series = _per_sweep(test, family)
    return rows + [
        FEATURES[OF_TEST[0]].measured(value, level="sweep", id=f"s{sweep}")
        for sweep, value in zip(sweeps.tolist(), series.tolist(), strict=True)
    ]


def measure_leak(leak: Leak) -> Measurement:
    """Measure the leak conductance.

    Parameters
    ----------
    leak : Leak
        From `mnephys.patch.currents.leak.find_leak`.

    Returns
    -------
    Measurement
        The row `leak_conductance`.
    """
    feature = FEATURES["leak_conductance"]
    if not leak.known:
        return feature.missing(Status.NOT_APPLICABLE, "No subthreshold step and no membrane test.")
    if leak.conductance == 0.0:
        return feature.missing(Status.NOT_APPLICABLE, leak.source)
    said = leak.source + (f" Standard error {leak.error:.2g} nS." if np.isfinite(leak.error) else "")
    if leak.sag:
        said += " The current goes on growing during the steps, as Ih does; that part is no leak."
    return feature.measured(leak.conductance, remark=said)


def _spread(values: FloatArray) -> str:
    good = values[np.isfinite(values)]
    return f" SD {good.std(ddof=1):.2g} over {good.size} steps." if good.size > 1 else ""


def _seal(test: MembraneTest, family: CurrentFamily, limits: CurrentLimits) -> str:
    """Return that the test steps show a seal and maybe no cell, empty where a cell shows or was compensated."""
    small = not np.isfinite(test.capacitance) or test.capacitance < limits.seal_capacitance
    if not (test.total >= limits.seal_resistance and small and family.compensated is None):
        return ""
    shown = (
        f"less than {limits.seal_capacitance:g} pF" if np.isfinite(test.capacitance) else "no capacitance that shows"
    )
    return f" With at least {limits.seal_resistance:g} MOhm and {shown} this may be a seal and no cell."


def _per_sweep(test: MembraneTest, family: CurrentFamily) -> tuple[IntArray, FloatArray]:
    """Return sweeps and their mean series resistance."""
    good = np.isfinite(test.each_series)
    sweeps, own = np.unique(family.steps.sweep[test.rows][good], return_inverse=True)
    return sweeps, np.bincount(own, test.each_series[good], sweeps.size) / np.bincount(own, minlength=sweeps.size)


def _change(test: MembraneTest, family: CurrentFamily) -> Measurement:
    feature = FEATURES["qc_series_resistance_change"]
    sweeps, series = _per_sweep(test, family)
    if sweeps.size < 2:
        return feature.missing(Status.TOO_FEW_EVENTS, "Fewer than two sweeps with a test step.")
    count = max(1, int(sweeps.size * END_SHARE))
    first, last = float(series[:count].mean()), float(series[-count:].mean())
    remark = f"From {first:.3g} to {last:.3g} MOhm, mean of {count} sweeps at either end."
    if count == 1:
        remark = f"From {first:.3g} to {last:.3g} MOhm, first to last sweep."
    return feature.measured(100.0 * (last / first - 1.0), remark=remark)
