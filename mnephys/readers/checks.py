"""Does the magnitude of a response fit its unit? Values are never rescaled to make them fit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import FileUnitsError
from mnephys.recording import Clamp

__all__ = ["check_magnitude"]

# mV and pA. Membranes break down far below the first; no patch amplifier delivers the second.
_DOUBTFUL = {Clamp.CURRENT: 200.0, Clamp.VOLTAGE: 1e5}
_ABSURD = {Clamp.CURRENT: 1000.0, Clamp.VOLTAGE: 1e7}
_UNIT = {Clamp.CURRENT: "mV", Clamp.VOLTAGE: "pA"}
# An overloaded amplifier may exceed the limit for a moment; a wrong unit does so all the time.
_MOST_ABSURD = 0.01


def check_magnitude(
    path: str, response: NDArray[np.float32], clamp: Clamp, *, channel: str, unit: str
) -> tuple[str, ...]:
    """Compare the values of a response with what its unit allows.

    Parameters
    ----------
    path : str
        Of the file, for messages.
    response : ndarray, float32, shape (n_sweeps, n_samples)
        In mV (current clamp) or pA (voltage clamp), NaN where a sweep is short.
    clamp : Clamp
        Which of the two.
    channel, unit : str
        Name of the channel and the unit stored for it, for messages.

    Returns
    -------
    tuple of str
        A sentence where the values are doubtful: 200 to 1000 mV, 100 nA to 10 uA.

    Raises
    ------
    FileUnitsError
        If more than 1 % of the samples are beyond 1 V or 10 uA.

    Examples
    --------
    >>> check_magnitude("a.abf", np.full((1, 100), 300.0, np.float32), Clamp.CURRENT, channel="Vm", unit="mV")
    ("Channel 'Vm' reaches 300 mV: check its unit (mV), its gain and the bridge.",)
    """
    high, low = float(np.fmax.reduce(response, axis=None)), float(np.fmin.reduce(response, axis=None))
    peak = high if high >= -low else low
    if not abs(peak) >= _DOUBTFUL[clamp]:  # NaN, where nothing was recorded, is not
        return ()
    if abs(peak) >= _ABSURD[clamp]:
        valid = np.isfinite(response)
        beyond = np.abs(response, where=valid, out=np.zeros_like(response)) >= _ABSURD[clamp]
        if beyond.sum() > _MOST_ABSURD * valid.sum():
            raise FileUnitsError(
                path,
                f"channel {channel!r} reaches {peak:.4g} {_UNIT[clamp]} with its unit {unit!r}, which no cell does",
                "correct unit and gain in the acquisition program and save the file again",
            )
    what = "its gain and the bridge" if clamp is Clamp.CURRENT else "its gain"
    return (f"Channel {channel!r} reaches {peak:.4g} {_UNIT[clamp]}: check its unit ({unit}), {what}.",)
