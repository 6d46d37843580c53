"""Currents under voltage clamp: against potential, and the sizes of postsynaptic ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from mnephys.plot import _evidence, style

__all__ = ["current_voltage", "event_amplitudes"]

_BINS = 30


def current_voltage(evidence: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Draw the currents of steps against their potential.

    Parameters
    ----------
    evidence : mapping
        An evidence record with the table `currents`: `command` in mV, `inward_peak`, `inward_peak_raw`, `sustained` in
        pA.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure of 85 x 52 mm if omitted.

    Returns
    -------
    matplotlib.axes.Axes
        The fast inward peak, leak-corrected (dots) and as recorded (crosses), and the sustained current (squares).

    Examples
    --------
    >>> table = {"command": [-20, 0], "inward_peak": [-900, -700], "sustained": [9, 40]}
    >>> current_voltage({"currents": table}).lines[0].get_ydata().tolist()
    [-900.0, -700.0]
    """
    ax = style.new_axes(ax, 85, 52)
    style.dress(ax, "Potential (mV)", "Current (pA)")
    command = _evidence.column(evidence, "currents", "command")
    if not command.size:
        return style.say(ax, "no step that opens Na or K currents")
    order = np.argsort(command, kind="stable")
    for name, mark, colour, label in (
        ("inward_peak", "o-", style.BLUE, "inward peak"),
        ("inward_peak_raw", "x", style.MUTED, "as recorded"),
        ("sustained", "s-", style.VERMILLION, "sustained"),
    ):
        current = _evidence.column(evidence, "currents", name)
        if current.size == command.size:
            ax.plot(command[order], current[order], mark, color=colour, ms=2.6, lw=0.8, mew=0.6, label=label)
    ax.axhline(0, color=style.MUTED, lw=0.5)
    ax.margins(x=0.04)
    ax.legend(loc="best", frameon=False, fontsize=style.NOTE_SIZE, labelcolor=style.INK, handletextpad=0.3)
    return ax


def event_amplitudes(evidence: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Draw how large the postsynaptic currents are.

    Parameters
    ----------
    evidence : mapping
        An evidence record with the table `synaptic`: `amplitude` in pA, negative where inward.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure of 85 x 52 mm if omitted.

    Returns
    -------
    matplotlib.axes.Axes
        A histogram.

    Examples
    --------
    >>> ax = event_amplitudes({"synaptic": {"amplitude": [-12.0, -9.5, -30.0]}})
    >>> sum(int(bar.get_height()) for bar in ax.patches)
    3
    """
    ax = style.new_axes(ax, 85, 52)
    style.dress(ax, "Amplitude (pA)", "Events")
    amplitude = _evidence.column(evidence, "synaptic", "amplitude")
    amplitude = amplitude[np.isfinite(amplitude)]
    if not amplitude.size:
        return style.say(ax, "no postsynaptic current was found")
    ax.hist(amplitude, bins=_BINS, color=style.BLUE)
    return ax
