"""What the amplifier and the digitiser add to a simulated membrane potential."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnephys.simulate.integration import FineTraces

__all__ = ["record"]

Floats = NDArray[np.float64]


def record(
    traces: FineTraces,
    current: ArrayLike,
    rng: np.random.Generator,
    *,
    noise: float = 0.1,
    bridge_error: float = 0.0,
) -> Floats:
    """Sample finely stepped membrane potentials as a rig would record them.

    Every sample is the mean over one sampling interval centred on it: zero phase, no ringing, and
    blind to the sampling rate and its multiples, the frequencies that would fold onto the slow signal.
    At 20 kHz it lowers the peak of an action potential by less than 0.05 mV, changes no sample by
    0.1 mV and leaves times alone. The filter sees the membrane only: noise is white at the sampling rate, and a bridge
    error jumps with the current as it does on a fast amplifier.

    Parameters
    ----------
    traces : FineTraces
        From `integrate`, an odd number of steps per sample.
    current : array_like, shape (n_cells, n_sweeps, n_samples)
        The injected current in pA.
    rng : numpy.random.Generator
        The only source of chance.
    noise : float
        Standard deviation of the noise in mV; 0 for none.
    bridge_error : float
        Uncompensated series resistance in MOhm; negative where overcompensated.

    Returns
    -------
    ndarray, float64, shape (n_cells, n_sweeps, n_samples)
        In mV.

    Raises
    ------
    ValueError
        If the shapes do not fit, or the noise is negative.

    Examples
    --------
    >>> traces = FineTraces(np.full((1, 1, 50), -70.0), 100000.0)
    >>> record(traces, np.full((1, 1, 10), 100.0), np.random.default_rng(0), noise=0.0, bridge_error=5.0)[0, 0, :2]
    array([-69.5, -69.5])
    """
    injected = np.asarray(current, dtype=np.float64)
    n_samples = injected.shape[-1]
    window, rest = divmod(traces.voltage.shape[-1], n_samples)
    if traces.voltage.shape[:-1] != injected.shape[:-1] or rest or window % 2 == 0:
        raise ValueError(f"traces of shape {traces.voltage.shape} do not sample to {injected.shape}")
    if noise < 0:
        raise ValueError(f"noise is {noise} mV, needs to be 0 or more")
    # One window per sample, shifted so that the sample's own step is its middle; the start is at rest.
    lead = np.repeat(traces.voltage[..., :1], window // 2, axis=-1)
    shifted = np.concatenate([lead, traces.voltage], axis=-1)[..., : n_samples * window]
    response: Floats = shifted.reshape(*injected.shape, window).mean(axis=-1)
    response += bridge_error * injected / 1000
    if noise:
        response += noise * rng.standard_normal(response.shape)
    return response
