"""The spikes of one well, electrode by electrode."""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from mnephys.plot import labels, style

__all__ = ["intensity", "raster", "raster_counts", "row_names", "span"]

_MOST_BINS = 10_000
_MOST_NAMED = 24


def raster(evidence: Mapping[str, Any], well: str, ax: Axes | None = None) -> Axes:
    """Draw the spikes of a well and its network bursts.

    Parameters
    ----------
    evidence : mapping
        The evidence record of a plate: counts of spikes in bins, `start` and `stop` in s, `network_bursts` in s.
    well : str
        Its name.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure of 174 x 50 mm if omitted.

    Returns
    -------
    matplotlib.axes.Axes
        One row per electrode, darker where a bin holds more spikes; network bursts as bars above and bands behind.

    Raises
    ------
    ValueError
        If the counts are damaged.

    Examples
    --------
    >>> raster({"source": "metrics"}, "A1").texts[0].get_text()
    'only metrics are in the file, no spike times'
    """
    ax = style.new_axes(ax, 174, 50)
    counts = raster_counts(evidence, well)
    if counts is None:
        known = evidence.get("source") != "metrics"
        return style.say(
            ax, f"no spike in {labels.plain(well)}" if known else "only metrics are in the file, no spike times"
        )
    names = [labels.shorten(labels.plain(name), 8) for name in row_names(evidence, well)]
    n_rows, (start, stop) = len(counts), span(evidence)
    style.dress(ax, "Time (s)", "Electrode")
    pixels = np.empty((*counts.shape, 4))
    pixels[..., :3], pixels[..., 3] = to_rgb(style.INK), intensity(counts)
    _bursts(ax, (evidence.get("network_bursts") or {}).get(well) or (), n_rows)
    ax.imshow(pixels, aspect="auto", interpolation="nearest", extent=(start, stop, n_rows - 0.5, -0.5), zorder=2)
    ax.set_xlim(start, stop)
    ax.set_ylim(n_rows - 0.5, -1.7)
    shown = range(n_rows) if n_rows <= _MOST_NAMED else range(0, n_rows, 8)
    ax.set_yticks(list(shown), [names[i] for i in shown], parse_math=False, fontsize=style.NOTE_SIZE * 0.85)
    return ax


def row_names(evidence: Mapping[str, Any], well: str) -> list[str]:
    """Return the electrodes of a raster, from top to bottom.

    Parameters
    ----------
    evidence : mapping
        The evidence record of a plate.
    well : str
        Its name.

    Returns
    -------
    list of str
        Those of the well where the record names them, else those of the layout.

    Examples
    --------
    >>> row_names({"layout": {"labels": ["11", "12"]}, "raster": {"labels": {"B1": ["12"]}}}, "B1")
    ['12']
    """
    own = ((evidence.get("raster") or {}).get("labels") or {}).get(well)
    return [str(name) for name in own or (evidence.get("layout") or {}).get("labels") or ()]


def intensity(counts: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return how dark each bin of a raster is drawn.

    Parameters
    ----------
    counts : ndarray of uint8, shape (n_electrodes, n_bins)
        Spikes.

    Returns
    -------
    ndarray, shape (n_electrodes, n_bins)
        0 for none, 0.55 for one, 1 for the most, by the logarithm between: one spike has to be seen beside a burst.

    Examples
    --------
    >>> intensity(np.array([[0, 1, 20]], dtype=np.uint8)).round(2).tolist()
    [[0.0, 0.55, 1.0]]
    """
    most = np.log(max(float(counts.max(initial=0)), 2.0))
    return np.where(counts > 0, 0.55 + 0.45 * np.log(np.maximum(counts.astype(np.float64), 1)) / most, 0.0)


def raster_counts(evidence: Mapping[str, Any], well: str) -> NDArray[np.uint8] | None:
    """Return the spikes of a well in bins of time.

    Parameters
    ----------
    evidence : mapping
        The evidence record of a plate.
    well : str
        Its name.

    Returns
    -------
    ndarray of uint8, shape (n_electrodes, n_bins), or None
        One row per electrode, in the order of `row_names`; None where the record has none of the well.

    Raises
    ------
    ValueError
        If what the record has cannot be unpacked to that shape.

    Examples
    --------
    >>> packed = base64.b64encode(zlib.compress(bytes([0, 2, 1, 0]))).decode()
    >>> record = {"layout": {"labels": ["11", "12"]}, "raster": {"n_bins": 2, "wells": {"A1": packed}}}
    >>> raster_counts(record, "A1")
    array([[0, 2],
           [1, 0]], dtype=uint8)
    """
    raster = evidence.get("raster") or {}
    packed = (raster.get("wells") or {}).get(well)
    if packed is None:
        return None
    n_electrodes, n_bins = len(row_names(evidence, well)), raster.get("n_bins")
    if not (isinstance(n_bins, int) and 0 < n_bins <= _MOST_BINS and n_electrodes):
        raise ValueError(
            f"the raster of {well} has {n_electrodes} electrodes and {n_bins} bins; score the recording again"
        )
    size = n_electrodes * n_bins
    try:
        # One byte more than is wanted tells what is too long, without unpacking all of it.
        content = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), size + 1)
    except (binascii.Error, zlib.error, TypeError, ValueError) as error:
        raise ValueError(f"the raster of {well} is damaged ({error}); score the recording again") from error
    if len(content) != size:
        raise ValueError(f"the raster of {well} does not hold {size} counts; score the recording again")
    return np.frombuffer(content, dtype=np.uint8).reshape(n_electrodes, n_bins)


def span(evidence: Mapping[str, Any]) -> tuple[float, float]:
    """Return when a recording begins and ends.

    Parameters
    ----------
    evidence : mapping
        The evidence record of a plate.

    Returns
    -------
    start, stop : float
        In s; 0 to 1 where the record does not say.

    Examples
    --------
    >>> span({"start": 102.2, "stop": 1155.5}), span({})
    ((102.2, 1155.5), (0.0, 1.0))
    """
    start, stop = evidence.get("start"), evidence.get("stop")
    match start, stop:
        case ((float() | int()), (float() | int())) if math.isfinite(start + stop) and start < stop:
            return float(start), float(stop)
    return 0.0, 1.0


def _bursts(ax: Axes, bursts: Sequence[Sequence[float]], n_rows: int) -> None:
    for top, bottom, alpha in ((-0.9, -1.4, 1.0), (n_rows - 0.5, -0.5, 0.15)):
        corners = [[(on, bottom), (on, top), (off, top), (off, bottom)] for on, off in bursts]
        face = (*to_rgb(style.VERMILLION), alpha)
        edge = face if alpha == 1 else "none"
        ax.add_collection(PolyCollection(corners, facecolors=[face], edgecolors=edge, linewidths=0.6, zorder=1))
