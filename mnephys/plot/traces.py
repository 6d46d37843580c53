"""The sweeps of a recording and the command that drove them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from mnephys.plot import _evidence, labels, style

__all__ = ["command", "sweeps"]


def sweeps(evidence: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Draw the sweep family with the action potentials that were detected.

    Parameters
    ----------
    evidence : mapping
        An evidence record: `time` in s, `response` one list per sweep in mV or pA.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure of 110 x 70 mm if omitted.

    Returns
    -------
    matplotlib.axes.Axes
        Sweeps coloured by the current of their step (by their number where no step is known), detected peaks as
        dots, excluded sweeps dashed in grey.

    Examples
    --------
    >>> record = {"time": [0, 1, 2], "response": [[-70, -60, -70]], "response_unit": "mV"}
    >>> sweeps(record).get_ylabel()
    'Potential (mV)'
    """
    ax = style.new_axes(ax, 110, 70)
    unit = labels.unit(str(evidence.get("response_unit", "mV")))
    drawn = _lines(ax, evidence, "response")
    style.dress(ax, "Time in sweep (s)", f"{'Potential' if unit == 'mV' else 'Current'} ({unit})")
    if not drawn:
        return style.say(ax, "no sweep to show")
    _mark_peaks(ax, evidence)
    _colour_scale(ax, evidence)
    if ax.get_legend_handles_labels()[1]:
        ax.legend(
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=2,
            frameon=False,
            fontsize=style.NOTE_SIZE,
            labelcolor=style.INK,
            borderaxespad=0.2,
            handletextpad=0.4,
            columnspacing=2,
        )
    return ax


def command(evidence: Mapping[str, Any], ax: Axes | None = None) -> Axes:
    """Draw the command: the injected current, or the potential under voltage clamp.

    Parameters
    ----------
    evidence : mapping
        An evidence record: `command` one list per sweep in pA or mV; where it is null the steps that were found
        are drawn as rectangles.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure of 110 x 30 mm if omitted.

    Returns
    -------
    matplotlib.axes.Axes
        In the colours of `sweeps`.

    Examples
    --------
    >>> record = {"time": [0, 1], "command": [[0, 10]], "command_unit": "pA", "command_source": "recorded"}
    >>> command(record).get_ylabel()
    'Command (pA)'
    """
    ax = style.new_axes(ax, 110, 30)
    style.dress(ax, "Time in sweep (s)", f"Command ({labels.unit(str(evidence.get('command_unit', 'pA')))})")
    if not (_lines(ax, evidence, "command") or _steps(ax, evidence)):
        return style.say(ax, "the command is not known")
    return ax


def _lines(ax: Axes, evidence: Mapping[str, Any], key: str) -> bool:
    """Draw a family of traces; tell whether there was one."""
    time = np.array(evidence.get("time") or [], dtype=float)
    traces = _evidence.family(evidence.get(key), time.size)
    if not np.isfinite(traces).any():
        return False
    left_out = _evidence.excluded_sweeps(evidence, len(traces))
    colours = _sweep_colours(evidence, len(traces))
    kept = _corners(traces)
    points = np.stack([np.broadcast_to(time, traces.shape), traces], axis=-1)[:, kept]
    ax.add_collection(
        LineCollection(list(points[left_out]), colors=style.GREY, linewidths=0.5, linestyles=(0, (4, 2)), zorder=1.5)
    )
    ax.add_collection(LineCollection(list(points[~left_out]), colors=colours[~left_out], linewidths=0.6, zorder=2))
    if left_out.any() and key == "response":
        ax.plot([], [], color=style.GREY, lw=0.8, ls=(0, (4, 2)), label="excluded sweep")
    ax.set_xlim(float(time.min()), float(time.max()) if time.size > 1 else None)
    low, high = float(np.nanmin(traces)), float(np.nanmax(traces))
    margin = 0.06 * (high - low) or 1.0
    ax.set_ylim(low - margin, high + margin)
    return True


def _corners(traces: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points lines need: not those between two of the same height in every trace."""
    changes = (traces[:, 1:] != traces[:, :-1]).any(axis=0)
    return np.asarray(np.append(True, changes) | np.append(changes, True))


def _steps(ax: Axes, evidence: Mapping[str, Any]) -> bool:
    """Draw the steps of the table as rectangles; tell whether there was one."""
    sweep, start, stop, current = (
        _evidence.column(evidence, "steps", name) for name in ("sweep", "start", "stop", "current")
    )
    known = np.flatnonzero(np.isfinite(current) & np.isfinite(start) & np.isfinite(stop))
    if not known.size:
        return False
    colours = _sweep_colours(evidence, int(sweep.max()) + 1)
    first, last, size = start[known], stop[known], current[known]
    corners = np.stack([[first, first, last, last], [0 * size, size, size, 0 * size]], axis=-1)
    ax.add_collection(
        LineCollection(list(np.swapaxes(corners, 0, 1)), colors=colours[sweep[known].astype(int)], linewidths=0.6)
    )
    time = np.array(evidence.get("time") or [0, last.max()], dtype=float)
    ax.set_xlim(float(time.min()), float(time.max()))
    ax.autoscale_view(scalex=False)
    return True


def _sweep_colours(evidence: Mapping[str, Any], n_sweeps: int) -> Any:
    currents = _evidence.sweep_currents(evidence, n_sweeps)
    return style.ordered_colours(currents if np.isfinite(currents).any() else np.arange(n_sweeps))


def _mark_peaks(ax: Axes, evidence: Mapping[str, Any]) -> None:
    time = _evidence.column(evidence, "spikes", "peak_time")
    if time.size:
        voltage = _evidence.column(evidence, "spikes", "peak_voltage")
        ax.scatter(time, voltage, s=5, color=style.VERMILLION, linewidths=0, zorder=3, label="detected AP")


def _colour_scale(ax: Axes, evidence: Mapping[str, Any]) -> None:
    """Add a narrow scale at the right where the steps differ."""
    currents = _evidence.sweep_currents(evidence, len(evidence.get("response") or ()))
    known = currents[np.isfinite(currents)]
    if known.size < 2 or np.ptp(known) == 0:
        return
    low, high = float(known.min()), float(known.max())
    scale = ax.inset_axes((1.02, 0.1, 0.018, 0.8))
    ramp = style.ordered_colours(np.linspace(0, 1, 64))[:, None, :]
    scale.imshow(ramp, origin="lower", aspect="auto", extent=(0, 1, low, high))
    style.dress(scale, "", f"Step ({labels.unit(str(evidence.get('command_unit', 'pA')))})")
    scale.set_xticks([])
    scale.yaxis.set_label_position("right")
    scale.yaxis.tick_right()
    scale.locator_params(axis="y", nbins=5)
    for spine in scale.spines.values():
        spine.set_visible(False)
