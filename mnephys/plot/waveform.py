"""The shape of action potentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from mnephys.plot import _evidence, style

__all__ = ["phase_plane"]


def phase_plane(evidence: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Draw action potentials as slope against potential.

    Parameters
    ----------
    evidence : mapping
        An evidence record with `waveforms`: `voltage` in mV and `slope` in mV/ms, one list per AP.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure of 85 x 52 mm if omitted.

    Returns
    -------
    matplotlib.axes.Axes
        The first AP dark, the others pale, and a dotted line at 10 mV/ms, where the threshold is read.

    Examples
    --------
    >>> record = {"waveforms": {"time": [0, 1], "voltage": [[-50, 20]], "slope": [[12, 80]]}}
    >>> phase_plane(record).get_xlabel()
    'Potential (mV)'
    """
    ax = style.new_axes(ax, 85, 52)
    waveforms = evidence.get("waveforms") or {}
    length = len(waveforms.get("time") or ())
    voltage = _evidence.family(waveforms.get("voltage"), length)
    slope = _evidence.family(waveforms.get("slope"), length)
    if voltage.shape != slope.shape or not np.isfinite(voltage + slope).any():
        return style.say(ax, "no action potential")
    style.dress(ax, "Potential (mV)", "dV/dt (mV/ms)")
    ax.axhline(10, color=style.MUTED, lw=0.6, ls=(0, (1, 2)), zorder=1)
    loops = np.stack([voltage, slope], axis=-1)
    ax.add_collection(LineCollection(list(loops[1:]), colors=style.GREY, linewidths=0.5, alpha=0.7, zorder=2))
    ax.plot(voltage[0], slope[0], color=style.BLUE, lw=1.0, zorder=3, label="first AP")
    if len(loops) > 1:
        ax.plot([], [], color=style.GREY, lw=1.0, label=f"{len(loops) - 1} more")
    ax.autoscale_view()
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=2,
        frameon=False,
        fontsize=style.NOTE_SIZE,
        labelcolor=style.INK,
        borderaxespad=0.1,
        handlelength=1.2,
        handletextpad=0.4,
        columnspacing=1.2,
    )
    return ax
