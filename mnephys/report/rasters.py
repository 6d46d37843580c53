"""The spikes of the best and of the worst well of a plate, as pictures of a known size."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image  # matplotlib itself depends on it

from mnephys.plot import labels, wells
from mnephys.plot.spikes import intensity, raster_counts, row_names, span
from mnephys.plot.wells import State
from mnephys.report.plates import Plate, PlateDay, day_words
from mnephys.report.recordings import Recording
from mnephys.report.scale import rounded

__all__ = ["Rasters", "of_plate", "picture"]

_WIDTH, _LEFT, _TOP, _BELOW = 720.0, 22.0, 9.0, 17.0
_TALLEST, _ROW, _FEW = 130.0, 7.0, 16
_PIXELS, _SPACE = 5, 1
_MOST_TICKS = 8

Record = Mapping[str, Any]
_NO_RASTER = {
    "metrics": "metrics alone and no spike times, so that there is no raster",
    "signal": "raw voltage alone and no spike times, so that there is no raster",
}


@dataclass(frozen=True, slots=True)
class Rasters:
    """What the page shows of the spikes of a plate.

    Parameters
    ----------
    words : str
        Which recording and which wells, or why there is no picture.
    pictures : tuple of dict
        For the template.
    """

    words: str
    pictures: tuple[dict[str, Any], ...] = ()


def of_plate(plate: Plate, recordings: Mapping[str, Recording], evidence: Mapping[str, Record], key: str) -> Rasters:
    """Return the rasters of the wells with the highest and the lowest index.

    Parameters
    ----------
    plate : Plate
        With its recordings in order.
    recordings : mapping of str to Recording
        What is known of each.
    evidence : mapping of str to mapping
        Asked for one record, that of the latest recording that holds spikes.
    key : str
        Begins the ids in the pictures.

    Returns
    -------
    Rasters
        Two pictures, one, or the reason for none.

    Examples
    --------
    >>> of_plate(Plate("P", (PlateDay("a.csv", None, None, ()),)), {}, {}, "p1").words
    'No evidence record was kept, so that no spikes can be drawn.'
    """
    known = [recordings[day.name] for day in plate.days if day.name in recordings and recordings[day.name].known]
    if not known:
        return Rasters("No evidence record was kept, so that no spikes can be drawn.")
    spiking = [day for day in plate.days if day.name in recordings and recordings[day.name].has_spikes]
    if not spiking:
        files = "file" if len(plate.days) == 1 else "files"
        held = {recording.held for recording in known}
        what = _NO_RASTER.get(held.pop() if len(held) == 1 else "", "no spike")
        return Rasters(f"The {files} of this plate hold{'s' * (files == 'file')} {what}.")
    day = spiking[-1]
    record = evidence[day.name]
    ranked = sorted(_scored(day), key=lambda score: wells.index_of(score) or 0.0)
    drawable = [score for score in ranked if str(score.get("id")) in (record.get("raster") or {}).get("wells", {})]
    where = f"{day_words(day.day)} ({labels.plain(day.name)})" if day.day is not None else labels.plain(day.name)
    latest = "" if len(plate.days) == 1 else ", the latest recording of the plate that holds spikes"
    if not drawable:
        return Rasters(
            f"No scored well has spikes on {where}{latest}." if ranked else f"No well was scored on {where}."
        )
    chosen = [("Highest index", drawable[-1])]
    if drawable[0] is not drawable[-1]:
        chosen.append(("Lowest index", drawable[0]))
    lowest = wells.index_of(drawable[0]) or 0.0
    silent = [str(s.get("id")) for s in ranked if (wells.index_of(s) or 0.0) < lowest]
    said = f"The scored wells with the highest and the lowest index on {where}{latest}."
    if len(chosen) == 1:
        said = f"The only scored well with spikes on {where}{latest}."
    if silent:
        name = labels.plain(silent[0])
        more = f" and {len(silent) - 1} more" if len(silent) > 1 else ""
        said += f" Lower still without a spike to draw: {name}{more}."
    pictures, damaged = [], []
    for i, (head, score) in enumerate(chosen):
        try:
            pictures.append(picture(record, score, head, f"{key}w{i}"))
        except ValueError as error:
            damaged.append(labels.prose(error))
    return Rasters(" ".join([said, *(f"Not drawn: {reason}." for reason in damaged)]), tuple(pictures))


def picture(record: Record, score: Record, head: str, key: str) -> dict[str, Any]:
    """Return the raster of one well.

    Parameters
    ----------
    record : mapping
        The evidence record of its plate.
    score : mapping
        Its score.
    head : str
        Why it is shown.
    key : str
        Begins the ids in the picture.

    Returns
    -------
    dict
        For the template: the image in base 64, places of bursts, electrodes and ticks, and words.

    Raises
    ------
    ValueError
        If the record does not hold the counts of the well, or holds damaged ones.
    """
    well = str(score.get("id"))
    counts = raster_counts(record, well)
    if counts is None:
        raise ValueError(f"the record holds no spikes of {labels.plain(well)}")
    start, stop = span(record)
    row = min(_ROW, _TALLEST / len(counts))
    height, across = row * len(counts), _WIDTH - _LEFT - 4
    names = [labels.plain(name) for name in row_names(record, well)]
    found = (record.get("network_bursts") or {}).get(well) or ()
    bursts = _spans(found, start, stop, across)
    index, stage = wells.index_of(score), wells.stage_of(score)
    n_bursts = f"{len(found)} network burst{'s' * (len(found) != 1)}"
    return {
        "key": key,
        "head": head,
        "well": labels.plain(well),
        "line": wells.line_of(score),
        "stage": stage,
        "index": f"{index:.2f}" if index is not None else "",
        "png": _png(counts),
        "width": _WIDTH,
        "height": round(_TOP + height + _BELOW, 1),
        "left": _LEFT,
        "top": _TOP,
        "across": across,
        "down": round(height, 1),
        "bursts": bursts,
        "electrodes": [
            {"y": round(_TOP + row * (i + 0.5), 1), "label": labels.shorten(name, 4)} for i, name in enumerate(names)
        ]
        if len(names) <= _FEW
        else [],
        "ticks": [
            {"x": round(_LEFT + across * (t - start) / (stop - start), 1), "label": labels.compact(t)}
            for t in rounded(start, stop, _MOST_TICKS)
        ],
        "label": f"Spikes of well {labels.plain(well)} on {len(counts)} electrodes, {n_bursts}",
        "caption": f"{len(counts)} electrodes, one row each, {counts.shape[1]} bins of time; {n_bursts}"
        + (" (bars above, bands behind)." if bursts else "."),
    }


def _scored(day: PlateDay) -> list[Record]:
    return [score for score in day.wells if wells.state_of(score) is State.SCORED]


def _spans(bursts: Sequence[Sequence[float]], start: float, stop: float, across: float) -> list[dict[str, float]]:
    """Return the bursts on the axis, wide enough to be seen; what lies within half a unit of another is one with it."""
    spans: list[list[float]] = []
    for on, off in sorted((on, off) for on, off in bursts):
        left, right = (_LEFT + across * min(max((t - start) / (stop - start), 0), 1) for t in (on, off))
        if spans and left - spans[-1][1] < 0.5:
            spans[-1][1] = max(right, spans[-1][1])
        else:
            spans.append([left, max(right, left + 1.2)])
    return [{"x": round(left, 1), "width": round(right - left, 1)} for left, right in spans]


def _png(counts: np.ndarray) -> str:
    """Return a mask of the spikes: white where there are any, rows apart from one another."""
    shades = np.rint(255 * intensity(counts)).astype(np.uint8)
    pixels = np.repeat(shades, _PIXELS, axis=0)
    rows = pixels.reshape(len(counts), _PIXELS, -1)
    rows[:, :_SPACE] = 0
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=9)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
