"""The pictures of one cell, sized for a page that has to stay small enough to send by mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mnephys import plot
from mnephys.plot import labels
from mnephys.report.layout import place, place_pair, place_scales
from mnephys.report.raster import rasterise
from mnephys.report.svg import inline

__all__ = ["Picture", "is_scored", "of_criteria", "of_recording"]

_ORIGINS = {
    "recorded": "as recorded",
    "user list": "as the user listed it",
    "epoch table": "from the file's epoch table",
    "inferred": "inferred from the response",
    "none": "not known",
}
_WIDE_SHARE, _NARROW_SHARE = 0.56, 0.22
# Characters that axes, labels and the marks of few points take beside a PNG, and how many points are few.
_DRAWING, _FEW = 8_000, 300


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure on the page.

    Parameters
    ----------
    kind : str
        ``wide``, ``narrow`` or ``scales``.
    svg : markupsafe.Markup
        An ``<svg>`` element.
    caption : str
        Plain text.
    """

    kind: str
    svg: Markup
    caption: str


def of_recording(evidence: Mapping[str, Any], key: str, most: int) -> list[Picture]:
    """Return the pictures of one recording.

    Parameters
    ----------
    evidence : mapping
        An evidence record of kind ``sweeps``; others have no picture yet.
    key : str
        Begins the ids in the pictures.
    most : int
        Most characters of all pictures together; traces are drawn more coarsely until they fit.

    Returns
    -------
    list of Picture
        Sweeps with their command; under current clamp the f-I relation, and the phase plane where there are APs; under
        voltage clamp currents against potential and the size of postsynaptic currents, where there are any.

    Examples
    --------
    >>> of_recording({"kind": "spikes"}, "c1", 100_000)
    []
    """
    if evidence.get("kind", "sweeps") != "sweeps":
        return []
    pictures = [_sweeps(evidence, key, int(_WIDE_SHARE * most))]
    if evidence.get("response_unit", "mV") == "mV":
        caption = "Firing rate against injected current."
        pictures.append(_narrow(plot.firing_curve(evidence), f"{key}f", caption, int(_NARROW_SHARE * most)))
    if (evidence.get("currents") or {}).get("command"):
        caption = "Currents against potential, leak-corrected; crosses: the inward peak as recorded."
        pictures.append(_narrow(plot.current_voltage(evidence), f"{key}i", caption, int(_NARROW_SHARE * most)))
    if found := (evidence.get("synaptic") or {}).get("amplitude"):
        every = f" of {evidence.get('n_events')}" if len(found) != evidence.get("n_events") else ""
        caption = f"Postsynaptic currents by size ({len(found)}{every}); inward ones are negative."
        pictures.append(_narrow(plot.event_amplitudes(evidence), f"{key}e", caption, int(_NARROW_SHARE * most)))
    if (evidence.get("waveforms") or {}).get("voltage"):
        caption = "Action potentials as slope against potential; the threshold is read at 10 mV/ms (dotted line)."
        pictures.append(_narrow(plot.phase_plane(evidence), f"{key}p", caption, int(_NARROW_SHARE * most)))
    return pictures


def of_criteria(score: Mapping[str, Any], key: str) -> Picture:
    """Return the picture of a score's criteria against their ranges.

    Parameters
    ----------
    score : mapping
        A score record.
    key : str
        Begins the ids in the picture.

    Returns
    -------
    Picture
        Of kind ``scales``.

    Examples
    --------
    >>> of_criteria({"criteria": []}, "c1").kind
    'scales'
    """
    caption = (
        "Each scored criterion on its own scale. Small numbers: the cuts. Triangle: beyond the scale. Hollow: not "
        "measured, but counted because of what was. Grey: not measured, and why."
    )
    scored = [row for row in score.get("criteria") or () if is_scored(row)]
    label = "Criteria against their ranges; the table of criteria holds the same values"
    ax = plot.criteria({"criteria": scored})
    place_scales(ax)
    return Picture("scales", inline(_figure(ax), key, label), caption)


def is_scored(row: Mapping[str, Any]) -> bool:
    """Return whether a criterion is held against cuts, or is only reported.

    Parameters
    ----------
    row : mapping
        A criterion of a score record.

    Returns
    -------
    bool
        True where it has points, cuts in numbers, or cuts in words.

    Examples
    --------
    >>> is_scored({"points": None, "cut": "reported only"}), is_scored({"points": 1.0})
    (False, True)
    """
    numbers = (row.get("points"), row.get("immature"), row.get("mature"))
    cut = str(row.get("cut") or "reported")
    return any(number is not None for number in numbers) or not cut.startswith("reported")


def _sweeps(evidence: Mapping[str, Any], key: str, most: int) -> Picture:
    figure = Figure(figsize=(110 / 25.4, 100 / 25.4))
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True)
    plot.sweeps(evidence, above)
    plot.command(evidence, below)
    above.set_xlabel("")
    place_pair(above, below)
    n_sweeps = len(evidence.get("response") or ())
    n_spikes = len((evidence.get("spikes") or {}).get("peak_time") or ())
    label = f"{n_sweeps} sweep{'s' * (n_sweeps != 1)}"
    if evidence.get("response_unit", "mV") == "mV":
        label += f", {n_spikes} detected action potential{'s' * (n_spikes != 1)}"
    source = labels.plain(evidence.get("command_source") or "none")
    origin = _ORIGINS.get(source, source)
    return Picture("wide", _fitted(figure, key, label, most), f"{label}. Below, the command ({origin}).")


def _narrow(ax: Axes, key: str, caption: str, most: int) -> Picture:
    place(ax)
    return Picture("narrow", _fitted(_figure(ax), key, caption, most), caption)


def _figure(ax: Axes) -> Figure:
    return ax.figure if isinstance(ax.figure, Figure) else ax.figure.figure


def _fitted(figure: Figure, key: str, label: str, most: int) -> Markup:
    """Return the SVG with the families of traces rasterised, which bounds the size whatever the recording holds."""
    families = [artist for ax in figure.axes for artist in ax.get_children() if _is_family(artist)]
    return inline(figure, key, label, rasterise(figure, families, most - _DRAWING))


def _is_family(artist: Artist) -> bool:
    return isinstance(artist, Collection) or (isinstance(artist, Line2D) and np.size(artist.get_xdata()) > _FEW)
