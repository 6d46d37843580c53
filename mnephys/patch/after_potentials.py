"""What follows an action potential: after-hyperpolarisations and their decay, after-depolarisation.

Single after-potentials are measured on the mean of what follows single action potentials evoked by brief
pulses: long steps distort them, and noise biases the extremes of a single sweep.
"""

from __future__ import annotations

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.family import FIRING_STEP_MS, Family
from mnephys.patch.pulse_response import (
    BASELINE_S,
    FIT_FROM,
    FIT_TO,
    HUMP_FALL,
    HUMP_FALL_MS,
    HUMP_MS,
    NOISE_MULTIPLE,
    SMOOTH_MS,
    PulseResponse,
    decay,
    hump,
    pulse_response,
)
from mnephys.patch.segments import stretch_mean

__all__ = ["FEATURES", "measure_after_potentials"]

MEDIUM_MS = (10.0, 100.0)
MEDIUM_SMOOTH_MS = 2.0
SMALLEST_AHP_MV = 0.5
SMALLEST_HUMP_MV = 1.0
MAX_FIT_ERROR = 0.05
SLOW_MS = (200.0, 500.0)
TRAIN_MIN_APS = 5
HELD_SHARE = 0.02

_CELL = ("cell",)
_OWN = "mnephys"
_NO_PULSE = "no brief pulse (at most 5 ms) evoked a single action potential; long steps distort what follows"
_NO_QUIET = f"less than {HUMP_MS:g} ms before the pulses tell how far the voltage wanders by itself"

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "medium_ahp_decay_time",
            "ms",
            _CELL,
            "Time constant of the recovery from the medium AHP to the baseline before the pulse",
            "10.7554/eLife.04046",
            (0.5, 2000),
            {
                "fit_from": FIT_FROM,
                "fit_to": FIT_TO,
                "smallest_ahp_mv": SMALLEST_AHP_MV,
                "largest_error": MAX_FIT_ERROR,
                "noise_multiple": NOISE_MULTIPLE,
            },
            version=2,
        ),
        Feature(
            "medium_ahp_half_decay_time",
            "ms",
            _CELL,
            "Time from the minimum of the medium AHP to half its depth",
            "10.1113/jphysiol.2005.091835",
            (0.5, 2000),
            {"smallest_ahp_mv": SMALLEST_AHP_MV, "noise_multiple": NOISE_MULTIPLE},
            version=2,
        ),
        Feature(
            "after_depolarization",
            "mV",
            _CELL,
            "Height of the hump after a single action potential, above the fast trough before it; 0 is none",
            _OWN,
            (0, 60),
            {
                "window_ms": HUMP_MS,
                "least_fall": HUMP_FALL,
                "fall_window_ms": HUMP_FALL_MS,
                "noise_multiple": NOISE_MULTIPLE,
                "to_be_seen_mv": SMALLEST_HUMP_MV,
            },
            version=2,
        ),
        Feature(
            "slow_ahp",
            "mV",
            _CELL,
            "Baseline minus the mean voltage 200-500 ms after a step that evoked a train, median; negative above it",
            _OWN,
            (-100, 100),
            {"from_ms": SLOW_MS[0], "to_ms": SLOW_MS[1], "train_min_aps": TRAIN_MIN_APS},
        ),
    )
}
"""The features that this module measures."""


def measure_after_potentials(family: Family) -> list[Measurement]:
    """Measure what follows single action potentials, and trains.

    Parameters
    ----------
    family : Family
        After quality control.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES`.

    Notes
    -----
    The medium AHP is sought 10-100 ms after the peak, as `medium_ahp` is, on the mean of all pulses. Its decay is the
    time constant of a single exponential towards the baseline, from 90 % to 20 % of the depth (the
    *relaxation time constant* of doi:10.7554/eLife.04046, where it tells fast from slow motor neurons);
    the half-decay time of in-vivo papers (doi:10.1113/jphysiol.2005.091835) stands beside it, 0.69 times as
    long where the decay is exponential.

    An after-depolarisation is a hump that rises from the fast trough within 50 ms after the peak and then
    falls, at most 100 ms after it, by at least half its rise; what rises and stays is the end of an AHP.

    Noise is what the mean does within 50 ms before the pulses (`PulseResponse.noise`), membrane noise with it. Rise
    and fall of a hump, and the depth of a medium AHP, have to be twice that. No hump above the noise is 0 mV: it
    was looked for and is not there. Where the noise would hide a hump of 1 mV, and nothing higher is seen, there
    is no number.
    """
    response = pulse_response(family)
    slow = _slow_ahp(family)
    if response is None:
        single = [f for f in FEATURES.values() if f.name != "slow_ahp"]
        return [*(f.missing(Status.NOT_APPLICABLE, _NO_PULSE) for f in single), slow]
    return [*_medium(response), _hump(response), slow]


def _medium(response: PulseResponse) -> list[Measurement]:
    features = [FEATURES[name] for name in ("medium_ahp_decay_time", "medium_ahp_half_decay_time")]
    begin, end = (response.sample(ms) for ms in MEDIUM_MS)
    if end <= begin:
        why = "the recording ends before the medium AHP does"
        return [f.missing(Status.TOO_FEW_EVENTS, why) for f in features]
    noise = NOISE_MULTIPLE * response.noise(MEDIUM_SMOOTH_MS)
    if not np.isfinite(noise):
        return [f.missing(Status.TOO_FEW_EVENTS, _NO_QUIET) for f in features]
    smooth = response.smooth(MEDIUM_SMOOTH_MS)
    lowest = begin + int(np.argmin(smooth[begin:end]))
    depth = -float(smooth[lowest])
    if depth < max(SMALLEST_AHP_MV, noise):
        where = f"stays {-depth:.2g} mV above" if depth < 0 else f"falls {depth:.2g} mV below"
        why = f"no medium AHP to decay: 10-100 ms after the peak the voltage {where} the baseline"
        if depth >= SMALLEST_AHP_MV:
            why += f", and noise alone may fall {noise:.2g} mV"
        return [f.missing(Status.TOO_FEW_EVENTS, why) for f in features]
    tau, half, error = decay(-smooth[lowest:], response.sampling_rate)
    remark = f"{depth:.2g} mV deep, mean of {response.n_pulses} pulses"
    if not np.isfinite(half):
        why = f"the recording ends before the medium AHP has fallen to half its {depth:.2g} mV"
        return [f.missing(Status.TOO_FEW_EVENTS, why) for f in features]
    if not (np.isfinite(tau) and error <= MAX_FIT_ERROR):
        why = "the recovery from the medium AHP is no single exponential"
        return [features[0].missing(Status.BAD_INPUT, why), features[1].measured(1000.0 * half, remark=remark)]
    return [features[0].measured(1000.0 * tau, remark=remark), features[1].measured(1000.0 * half, remark=remark)]


def _hump(response: PulseResponse) -> Measurement:
    feature = FEATURES["after_depolarization"]
    limit = NOISE_MULTIPLE * response.noise(SMOOTH_MS)
    if not np.isfinite(limit):
        return feature.missing(Status.TOO_FEW_EVENTS, _NO_QUIET)
    height, trough, crest = hump(response, limit)
    if not np.isfinite(height):
        return feature.missing(Status.TOO_FEW_EVENTS, f"less than {HUMP_MS:g} ms follow the action potential")
    remark = f"mean of {response.n_pulses} pulses"
    if height:
        at = [1000.0 * sample / response.sampling_rate for sample in (trough, crest)]
        remark += f", trough {at[0]:.1f} ms and hump {at[1]:.1f} ms after the peak"
    elif limit > SMALLEST_HUMP_MV:
        hidden = f"a hump of {SMALLEST_HUMP_MV:g} mV would not be seen"
        return feature.missing(Status.BAD_INPUT, f"{remark}: noise alone may rise {limit:.2g} mV, {hidden}")
    else:
        remark += f", no hump above the noise of {limit:.1g} mV"
    return feature.measured(height, remark=remark)


def _slow_ahp(family: Family) -> Measurement:
    steps, rate, feature = family.steps, family.sampling_rate, FEATURES["slow_ahp"]
    position = np.arange(len(steps))
    after, before = np.minimum(position + 1, len(steps) - 1), np.maximum(position - 1, 0)
    begin, end = (round(ms / 1000.0 * rate) for ms in SLOW_MS)
    back = (
        (after > position)
        & (steps.sweep[after] == steps.sweep)
        & ~(np.abs(steps.current[after] - steps.holding[after]) > np.maximum(0.5, HELD_SHARE * np.abs(steps.current)))
        & ~steps.test[after]
        & (steps.stop[after] - steps.start[after] >= end)
    )
    train = family.firing_test & steps.from_holding & (before < position) & (steps.sweep[before] == steps.sweep)
    train &= (family.ap_count >= TRAIN_MIN_APS) & (family.ap_count[after] == 0) & (family.ap_count[before] == 0)
    if not train.any():
        why = f"no step of at least {FIRING_STEP_MS:g} ms evoked {TRAIN_MIN_APS} action potentials"
        return feature.missing(Status.TOO_FEW_EVENTS, why)
    if not (train & back).any():
        why = f"no train is followed by {SLOW_MS[1]:g} ms at the holding current"
        return feature.missing(Status.NOT_APPLICABLE, why)
    row = np.flatnonzero(train & back)
    flat = family.voltage.ravel()
    reach = np.minimum(round(BASELINE_S * rate), steps.start[row] - steps.start[row - 1])
    baseline = stretch_mean(flat, steps.start[row] - reach, steps.start[row])
    depth = baseline - stretch_mean(flat, steps.stop[row] + begin, steps.stop[row] + end)
    depth = depth[np.isfinite(depth)]
    if not depth.size:
        return feature.missing(Status.BAD_INPUT, "nothing was recorded after the trains")
    return feature.measured(float(np.median(depth)), remark=f"median over {depth.size} trains")
