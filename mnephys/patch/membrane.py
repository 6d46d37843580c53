"""The membrane behind the onset of a current step: capacitance, conductance, and channels that answer late.

While a step charges the membrane, channels open and close. Most of them oppose the step (sag), so that one exponential
fitted to the onset ends too early and makes the cell too small. Here they are part of what is fitted, where the
recording shows them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mnephys.patch.exponential import ChargingFit, fit_charging
from mnephys.recording import FloatArray

__all__ = ["MembraneFit", "fit_membrane", "membrane_response"]

WINDOW_TAUS = 4.0
N_POINTS = 250
# Time constant over the first guess, opposition, and how many times slower the channels are than the membrane.
LOWEST = (0.2, 1e-3, 1.0)
HIGHEST = (5.0, 20.0, 30.0)
STARTS = ((1.2, 0.2, 2.0), (1.2, 1.0, 10.0))
MOST_AMPLIFYING = 0.9
AMPLIFYING_START = (0.6, 0.4, 2.0)
BY_CHANCE = 1e-3
N_PARAMETERS = 5
LEAST_FREEDOM = 2.0
STEP = 1e-4


@dataclass(frozen=True, slots=True)
class MembraneFit:
    """A membrane and the channels that answer the step, as fitted to the response to a unit current step.

    Parameters
    ----------
    jump : float
        What appears at once, over the electrode and nearby dendrites, in mV/pA.
    resistance : float
        Of the membrane while the channels are as they were before the step, in mV/pA (GOhm).
    tau : float
        `resistance` times the capacitance, in s.
    opposition : float
        Conductance that the step calls up in the end, over that of the membrane; 0 is a passive membrane, and
        negative where channels amplify.
    channel_tau : float
        With which it comes, in s; infinite without channels.
    error : float
        Root mean square residual over the largest response without the jump, dimensionless.
    at_bound : bool
        Whether time constant or opposition is as far away as the fit goes.
    capacitance_spread, tau_spread : float
        Standard errors of the capacitance and of the time constant over themselves, from the residual and how long
        it stays on one side; infinite where too little is independent.
    amplified : MembraneFit or None
        What else explains the onset, and clearly better than one exponential: channels that amplify the step.
    opposed : float
        Capacitance in pF with opposing channels where these are not clear, else NaN.
    """

    jump: float
    resistance: float
    tau: float
    opposition: float
    channel_tau: float
    error: float
    at_bound: bool = False
    capacitance_spread: float = np.inf
    tau_spread: float = np.inf
    amplified: MembraneFit | None = None
    opposed: float = np.nan

    @property
    def capacitance(self) -> float:
        """In pF."""
        return 1000.0 * self.tau / self.resistance

    @property
    def fast_channels(self) -> bool:
        """Whether the opposing channels are as fast as the fit allows: the membrane's own speed."""
        return self.opposition > 0 and self.channel_tau < 1.01 * LOWEST[2] * self.tau


def membrane_response(time: FloatArray, tau: float, opposition: float, channel_tau: float) -> FloatArray:
    """Return the response to a step that alone would bring a passive membrane to 1.

    Parameters
    ----------
    time : ndarray, float, shape (n,)
        After the onset in s.
    tau : float
        Of the membrane in s.
    opposition : float
        Of the channels; negative, above -1, where they amplify.
    channel_tau : float
        Of the channels in s.

    Returns
    -------
    ndarray, float, shape (n,)
        Solution of ``tau v' = 1 - v - x`` and ``channel_tau x' = opposition v - x``, both 0 at the onset. It begins
        with the slope ``1 / tau`` whatever the channels do, and ends at ``1 / (1 + opposition)``.

    Examples
    --------
    >>> import numpy as np
    >>> passive = membrane_response(np.array([0.0, 0.02]), 0.02, 0.0, 0.1)
    >>> [round(float(v), 3) for v in passive]
    [0.0, 0.632]
    >>> round(float(membrane_response(np.array([2.0]), 0.02, 1.0, 0.1)[0]), 3)
    0.5
    """
    decay = 0.5 * (1.0 / tau + 1.0 / channel_tau)
    product = (1.0 + opposition) / (tau * channel_tau)
    # Imaginary where the response rings; at 0, where both formulas meet, a difference quotient needs a denominator.
    split = np.sqrt(complex(decay * decay - product)) or complex(1e-6 * decay)
    slow, fast = np.exp(-(decay - split) * time), np.exp(-(decay + split) * time)
    level, turn = ((slow + fast) / 2.0).real, ((slow - fast) / (2.0 * split)).real
    response: FloatArray = (1.0 - level - decay * turn) / (1.0 + opposition) + turn / tau
    return response


def fit_membrane(time: FloatArray, response: FloatArray, guess: ChargingFit) -> MembraneFit:
    """Fit a membrane to the first four time constants of a step, with late channels where the recording shows any.

    Parameters
    ----------
    time : ndarray, float, shape (n,)
        After the onset in s, in equal steps.
    response : ndarray, float, shape (n,)
        To a unit current step in mV/pA.
    guess : ChargingFit
        One exponential fitted to it; of a finite time constant.

    Returns
    -------
    MembraneFit
        With one kind of opposing channels where these explain the onset clearly better than one exponential does;
        else one exponential, and what amplifying channels make of it where they are the ones to explain clearly more.

    Notes
    -----
    To first order, a membrane whose channels follow the voltage with a delay is a resistor and a capacitor
    beside a resistor in series with an inductance (doi:10.1007/BF00317936). No delayed
    channel changes how steep the response begins: that is current over capacitance. Its size is therefore found where
    one exponential mistakes closing channels for a small cell.

    Clearly better: an F-test of the two parameters that the channels add, with p below 0.001. Noise is not white, so
    it counts the independent samples of the residual (its number over the integral of its autocorrelation), often
    some 15 of 300.

    Dendrites are not taken for opposing channels: what a passive tree adds is faster than
    the membrane and of the same sign, and goes into the jump. Of an electrically compact tree, time constant over
    resistance of the slow part is the capacitance of the whole (doi:10.1152/jn.00160.2009). Amplifying channels too add
    a component of the same sign, and a long tree looks like them: then the slow part shows less than the capacitance
    of a tree, and more than that of a membrane with such channels. Channels no slower than the
    membrane are part of it.

    Later than four time constants the shape of the sag would decide, not the capacitance; beginning later than given
    would leave out more of the dendrites, but moves the estimate by up to a half in noisy recordings.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.patch.exponential import fit_charging
    >>> t = np.arange(1, 4000) / 20000
    >>> sagging = 0.02 + 0.3 * membrane_response(t, 0.015, 0.5, 0.06)
    >>> first = fit_charging(t, sagging)
    >>> fit = fit_membrane(t, sagging, first)
    >>> round(1000 * first.tau / first.resistance, 1), round(fit.capacitance, 1), round(fit.opposition, 1)
    (28.7, 50.0, 0.5)
    """
    until = max(int(np.searchsorted(time, WINDOW_TAUS * guess.tau)), min(8, time.size))
    x, y = (_block_means(values[:until]) for values in (time, response))
    one = fit_charging(x, y)
    single = y - one.jump - one.resistance * -np.expm1(-x / one.tau)
    opposing, left = _with_channels(x, y, guess.tau, 1.0)
    if _clearly_better(left, single):
        return _with_spread(opposing, x, left)
    at_bound = guess.at_bound or one.at_bound
    passive = MembraneFit(one.jump, one.resistance, one.tau, 0.0, np.inf, _relative(single, y - one.jump), at_bound)
    amplified, rest = _with_channels(x, y, guess.tau, -1.0)
    clearly = amplified.resistance > 0 and _clearly_better(rest, single)
    # What another model explains is no noise, and would make the error of this one look larger than it is.
    passive = _with_spread(passive, x, rest if clearly else single)
    opposed = opposing.capacitance if opposing.resistance > 0 else np.nan
    return replace(passive, amplified=amplified if clearly else None, opposed=opposed)


def _with_channels(x: FloatArray, y: FloatArray, tau: float, sign: float) -> tuple[MembraneFit, FloatArray]:
    """Fit a membrane with channels whose opposition has a sign; return what is left, too."""
    from scipy.optimize import least_squares

    around = y - y.mean()
    scale = np.log([tau, 1.0, 1.0])

    def solved(logs: FloatArray) -> tuple[FloatArray, float, float]:
        tau, opposition, slower = np.exp(logs)
        shape = membrane_response(x, tau, sign * opposition, slower * tau)
        centred = shape - shape.mean()
        resistance = float(centred @ around) / max(float(centred @ centred), np.finfo(np.float64).tiny)
        return around - resistance * centred, resistance, float(y.mean() - resistance * shape.mean())

    starts = STARTS if sign > 0 else (AMPLIFYING_START,)
    most = HIGHEST[1] if sign > 0 else MOST_AMPLIFYING
    lowest, highest = np.log(LOWEST), np.log((HIGHEST[0], most, HIGHEST[2]))
    bounds = (lowest + scale, highest + scale)
    fits = [least_squares(lambda logs: solved(logs)[0], np.log(start) + scale, bounds=bounds) for start in starts]
    best = min(fits, key=lambda fit: float(fit.cost)).x
    left, resistance, jump = solved(best)
    tau, opposition, slower = np.exp(best).tolist()
    near = (best - scale - lowest)[0], (highest - best + scale)[0], (highest - best + scale)[1]
    error = _relative(left, y - jump)
    return MembraneFit(jump, resistance, tau, sign * opposition, slower * tau, error, bool(min(near) < 0.01)), left


def _relative(left: FloatArray, response: FloatArray) -> float:
    largest = float(np.abs(response).max())
    return float(np.sqrt(np.mean(left**2))) / largest if largest else np.inf


def _clearly_better(left: FloatArray, before: FloatArray) -> bool:
    """Return whether two more parameters leave clearly less than there was before."""
    squares, more = float(left @ left), float(before @ before)
    if not squares < more:
        return False
    freedom = max(_independent(left) - N_PARAMETERS, LEAST_FREEDOM)
    # Of F with two degrees of freedom over `freedom`, the tail is a power of the ratio of the squares.
    return bool((squares / more) ** (freedom / 2.0) < BY_CHANCE)


def _independent(left: FloatArray) -> float:
    """Return how many samples are independent: all, over twice the integral of the autocorrelation up to 0."""
    lags = np.correlate(left, left, "full")[left.size - 1 :]
    if not lags[0] > 0:
        return float(left.size)
    negative = np.flatnonzero(lags <= 0)
    end = int(negative[0]) if negative.size else lags.size
    return float(left.size / (1.0 + 2.0 * lags[1:end].sum() / lags[0]))


def _with_spread(fit: MembraneFit, x: FloatArray, left: FloatArray) -> MembraneFit:
    """Add the standard errors of capacitance and time constant, from the slopes of the fit at its solution."""
    tau, opposition = fit.tau, fit.opposition
    slower = fit.channel_tau / tau if opposition else 1.0

    def curve(logs: FloatArray) -> FloatArray:
        here = tau * np.exp(logs[0])
        return membrane_response(x, here, opposition * np.exp(logs[1]), slower * np.exp(logs[2]) * here)

    turns = STEP * np.eye(3)[: 3 if opposition else 1]
    slopes = [fit.resistance * (curve(turn) - curve(-turn)) / (2.0 * STEP) for turn in turns]
    jacobian = np.stack([fit.resistance * curve(np.zeros(3)), np.ones(x.size), *slopes], axis=1)
    freedom = max(_independent(left) - jacobian.shape[1], LEAST_FREEDOM)
    if not np.isfinite(jacobian).all():
        return fit
    # Independent samples hold as much of the noise's variance, but there are fewer of them.
    variance = float(left @ left) / freedom
    spread = np.linalg.pinv(jacobian.T @ jacobian) * variance
    of_tau = spread[2, 2]
    of_capacitance = spread[0, 0] + spread[2, 2] - 2.0 * spread[0, 2]
    wide = np.sqrt(np.maximum([of_capacitance, of_tau], 0.0))
    return replace(fit, capacitance_spread=float(wide[0]), tau_spread=float(wide[1]))


def _block_means(values: FloatArray) -> FloatArray:
    """Return the means of equal blocks of samples, between `N_POINTS` and twice as many where there are enough."""
    size = max(values.size // N_POINTS, 1)
    whole = values.size // size
    means: FloatArray = values[: whole * size].reshape(whole, size).mean(axis=1)
    return means
