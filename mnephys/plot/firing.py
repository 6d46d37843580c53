"""Firing against injected current."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from mnephys.plot import _evidence, labels, style

__all__ = ["firing_curve"]


def firing_curve(evidence: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Draw the f-I relation.

    Parameters
    ----------
    evidence : mapping
        An evidence record with the table `steps`: `current` in pA, `spike_count`, `start` and `stop` in s,
        `sustained_rate` in Hz.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure of 85 x 52 mm if omitted.

    Returns
    -------
    matplotlib.axes.Axes
        Mean rate over each step (APs divided by its length) as dots joined through the mean of repeats, the
        sustained rate as open squares; steps of excluded sweeps are left out.

    Examples
    --------
    >>> steps = {"sweep": [0, 1], "start": [0, 0], "stop": [0.5, 0.5], "current": [0, 50], "spike_count": [0, 6]}
    >>> firing_curve({"steps": steps, "command_unit": "pA"}).lines[0].get_ydata().tolist()
    [0.0, 12.0]
    """
    ax = style.new_axes(ax, 85, 52)
    unit = labels.unit(str(evidence.get("command_unit", "pA")))
    if unit == "mV":
        return style.say(ax, "voltage clamp: no firing to show")
    style.dress(ax, f"Injected current ({unit})", "Firing rate (Hz)")
    sweep, current, count, start, stop = (
        _evidence.column(evidence, "steps", name) for name in ("sweep", "current", "spike_count", "start", "stop")
    )
    length = stop - start
    left_out = _evidence.excluded_sweeps(evidence, int(sweep.max(initial=-1)) + 1)
    used = np.isfinite(current) & np.isfinite(count) & (length > 0) & ~left_out[sweep.astype(int)]
    if not used.any():
        return style.say(ax, "no step with a known current")
    rate = count[used] / length[used]
    levels, where = np.unique(current[used], return_inverse=True)
    mean = np.bincount(where, weights=rate) / np.bincount(where)
    ax.plot(levels, mean, "-", color=style.BLUE, lw=0.9)
    ax.plot(current[used], rate, "o", color=style.BLUE, ms=3, mew=0, label="mean over the step")
    sustained = _evidence.column(evidence, "steps", "sustained_rate")
    if sustained.size == used.size and np.isfinite(sustained[used]).any():
        ax.plot(
            current[used], sustained[used], "s", ms=3.4, mew=0.8, mfc="none", mec=style.VERMILLION, label="sustained"
        )
    ax.margins(x=0.04)
    if not rate.any():
        ax.set_ylim(0, 1)
        ax.set_yticks([0])
        return _note(ax, "no action potential on any step")
    ax.set_ylim(bottom=0)
    ax.legend(
        loc="upper left",
        frameon=False,
        fontsize=style.NOTE_SIZE,
        labelcolor=style.INK,
        borderaxespad=0.1,
        handletextpad=0.3,
    )
    return ax


def _note(ax: Axes, words: str) -> Axes:
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", fontsize=style.NOTE_SIZE, color=style.MUTED)
    return ax
