"""Families of traces as one PNG behind the drawing: many thousand points at a size that is known before."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from PIL import Image  # matplotlib itself depends on it

__all__ = ["Raster", "rasterise"]

_FINEST, _COARSEST = 200, 50
_POINTS_PER_INCH = 72


@dataclass(frozen=True, slots=True)
class Raster:
    """A picture and its place in a figure.

    Parameters
    ----------
    png : str
        In base 64.
    x, y, width, height : float
        In points, from the upper left corner of the figure.
    """

    png: str
    x: float
    y: float
    width: float
    height: float


def rasterise(figure: Figure, artists: Sequence[Artist], most: int) -> Raster | None:
    """Draw some artists of a figure, and hide them from what draws the figure later.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        With a layout that is settled.
    artists : sequence of matplotlib.artist.Artist
        Of its axes.
    most : int
        Most characters of the PNG; it is drawn more coarsely to fit, down to 50 dots per inch.

    Returns
    -------
    Raster or None
        None where nothing is to be seen.

    Examples
    --------
    >>> from mnephys.plot.style import new_axes
    >>> ax = new_axes(None, 85, 60)
    >>> line, = ax.plot([0, 1], [0, 1])
    >>> raster = rasterise(ax.figure, [line], 20_000)
    >>> len(raster.png) < 20_000, line.get_visible()
    (True, False)
    """
    for ax in figure.axes:
        # Limits that follow the data are settled only when somebody asks for them.
        ax.get_xlim(), ax.get_ylim()
    dpi = _FINEST
    raster = _drawn(figure, artists, dpi)
    while raster is not None and len(raster.png) > most and dpi > _COARSEST:
        # The PNG of lines grows faster than the resolution, so that once is enough.
        dpi = max(_COARSEST, int(dpi * most / len(raster.png)))
        raster = _drawn(figure, artists, dpi)
    for artist in artists:
        artist.set_visible(False)
    return raster


def _drawn(figure: Figure, artists: Sequence[Artist], dpi: int) -> Raster | None:
    figure.set_dpi(dpi)
    width, height = figure.get_size_inches() * dpi
    renderer = RendererAgg(width, height, dpi)  # type: ignore[no-untyped-call]  # matplotlib's own gap
    for artist in sorted(artists, key=lambda artist: artist.get_zorder()):
        artist.draw(renderer)
    pixels = np.asarray(renderer.buffer_rgba())  # type: ignore[no-untyped-call]  # the same
    rows, columns = (np.flatnonzero(pixels[..., 3].any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    scale = _POINTS_PER_INCH / dpi
    place = (round(float(edge * scale), 3) for edge in (left, top, right - left, bottom - top))
    return Raster(_png(pixels[top:bottom, left:right]), *place)


def _png(pixels: np.ndarray) -> str:
    """Return a PNG with a palette: a third of the size, and traces need few colours."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).quantize(256, method=Image.Quantize.FASTOCTREE).save(buffer, "PNG", compress_level=6)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
