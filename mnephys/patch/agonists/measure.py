"""From a tagged recording to the rows of its agonists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.agonists import tetrodotoxin
from mnephys.patch.agonists.course import BIN_MS, slow_course, sweeps_follow
from mnephys.patch.agonists.responses import BASELINE_S, RECOVERY_S, WINDOW_S, Response, Unmeasured, respond
from mnephys.patch.agonists.tags import AGONISTS, Role, Tag, read_tags
from mnephys.recording import Clamp, SweepRecording

__all__ = ["FEATURES", "measure_agonists"]

_CELL = ("cell",)
_OWN = "mnephys"
_WINDOW = {"baseline_s": BASELINE_S, "window_s": WINDOW_S}
_AMPLITUDE = {Clamp.VOLTAGE: "current", Clamp.CURRENT: "potential"}


def _declared(agonist: str) -> list[Feature]:
    name = agonist.upper() if agonist == "gaba" else agonist
    mean, median = ({**_WINDOW, "bin_ms": BIN_MS[clamp]} for clamp in (Clamp.VOLTAGE, Clamp.CURRENT))
    return [
        Feature(
            f"{agonist}_current",
            "pA",
            _CELL,
            f"Peak of the current after {name} minus baseline",
            _OWN,
            (-1e5, 1e5),
            mean,
        ),
        Feature(
            f"{agonist}_potential",
            "mV",
            _CELL,
            f"Largest change of the potential after {name}, action potentials left out",
            _OWN,
            (-150, 150),
            median,
        ),
        Feature(f"{agonist}_time_to_peak", "s", _CELL, f"From the tag of {name} to the peak", _OWN, (0, 60), _WINDOW),
        Feature(
            f"{agonist}_duration",
            "s",
            _CELL,
            f"Area of the response to {name} (the charge, of a current) over its peak",
            _OWN,
            (0, 60),
            _WINDOW,
        ),
        Feature(
            f"{agonist}_recovery",
            "1",
            _CELL,
            f"Share of the response to {name} that is gone at the end",
            _OWN,
            (-10, 10),
            {"at_most_s": RECOVERY_S},
        ),
    ]


FEATURES = {f.name: f for agonist in AGONISTS for f in _declared(agonist)} | tetrodotoxin.FEATURES
"""All features of the room."""


def measure_agonists(recording: SweepRecording) -> list[Measurement]:
    """Measure the responses to glutamate, kainate, GABA and glycine, and what tetrodotoxin blocks.

    Parameters
    ----------
    recording : SweepRecording
        Under either clamp; its tags say what was applied when.

    Returns
    -------
    list of Measurement
        One row per feature that the clamp allows: currents under voltage clamp, potentials and rates under current
        clamp. Of several applications of the same agonist the median.

    Notes
    -----
    Each agonist has features of its own, and not one feature with the agonist as `id`: at the level of the cell the
    id is empty, a rubric asks for features by name, and a median over glutamate and GABA would mean nothing.

    Peaks are read from the low-passed trace: means of 10 ms under voltage clamp, medians of 50 ms under current
    clamp, so that action potentials do not count. A response that is no larger than what the baseline does by
    itself (5 SD, or 1.5 times its largest excursion from a straight line) has an amplitude and nothing else. Where
    the drift of the baseline explains half of it or more, it is refused.

    Examples
    --------
    >>> time = np.arange(40000) / 1000.0
    >>> current = np.where(time > 20, -80.0 * (time - 20) * np.exp(21 - time), 0.0)
    >>> recording = SweepRecording(current, 1000.0, Clamp.VOLTAGE, tags=((20.0, "100 uM glutamate"),))
    >>> rows = {row.feature: row for row in measure_agonists(recording)}
    >>> round(rows["glutamate_current"].value), round(rows["glutamate_time_to_peak"].value, 1)
    (-80, 1.0)
    >>> rows["gaba_current"].reason
    'no tag names GABA'
    """
    tags = read_tags(recording.tags)
    problem = "" if sweeps_follow(recording) else "when each sweep began is not known, so that tags have no place"
    if not any(tag.agents or tag.role is Role.TETRODOTOXIN for tag in tags):
        problem = ""
    rows = [row for agonist in AGONISTS for row in _of_agonist(recording, agonist, tags, problem)]
    return rows + tetrodotoxin.measure_tetrodotoxin(recording, tags, problem)


def _of_agonist(recording: SweepRecording, agonist: str, tags: Sequence[Tag], problem: str) -> list[Measurement]:
    name = agonist.upper() if agonist == "gaba" else agonist
    naming = [i for i, tag in enumerate(tags) if agonist in tag.agents]
    alone = [i for i in naming if tags[i].role is Role.AGONIST]
    if not alone:
        mixed = f"no tag names {name}"
        if naming:
            mixed = f"{tags[naming[0]].text!r} does not say that {name} alone was applied"
        return _missing(recording.clamp, agonist, Status.BAD_INPUT if naming else Status.NOT_APPLICABLE, mixed)
    if problem:
        return _missing(recording.clamp, agonist, Status.BAD_INPUT, problem)
    course = slow_course(recording)
    found = [(tags[i], respond(course, tags, i)) for i in alone]
    measured = [(tag, r) for tag, r in found if isinstance(r, Response)]
    if not measured:
        first = next((tag, r) for tag, r in found if isinstance(r, Unmeasured))
        return _missing(recording.clamp, agonist, first[1].status, f"{first[0].text!r}: {first[1].reason}")
    return _rows(recording.clamp, agonist, measured, len(found))


def _names(clamp: Clamp, agonist: str) -> list[str]:
    return [f"{agonist}_{what}" for what in (_AMPLITUDE[clamp], "time_to_peak", "duration", "recovery")]


def _missing(clamp: Clamp, agonist: str, status: Status, why: str) -> list[Measurement]:
    return [FEATURES[name].missing(status, why) for name in _names(clamp, agonist)]


def _rows(clamp: Clamp, agonist: str, measured: Sequence[tuple[Tag, Response]], tagged: int) -> list[Measurement]:
    amplitude, *others = (FEATURES[name] for name in _names(clamp, agonist))
    clear = [response for _, response in measured if response.clear]
    remark = repr(measured[0][0].text)
    if tagged > 1:
        remark += f", median of {len(measured)} of {tagged} applications"
    noise = float(np.median([response.noise for _, response in measured]))
    if not clear:
        none = f"no response above the noise of {noise:.3g} {amplitude.unit}"
        value = float(np.median([response.amplitude for _, response in measured]))
        return [
            amplitude.measured(value, remark=f"{remark}, {none}"),
            *(feature.missing(Status.TOO_FEW_EVENTS, none) for feature in others),
        ]
    area = float(np.median([response.area for response in clear]))
    remark += f", area {area:.3g} {'pC' if clamp is Clamp.VOLTAGE else 'mV s'}"
    columns = np.array([(r.time_to_peak, r.area / r.amplitude, r.recovery) for r in clear], dtype=np.float64)
    peak = amplitude.measured(float(np.median([response.amplitude for _, response in measured])), remark=remark)
    return [peak, *(_median(feature, column) for feature, column in zip(others, columns.T, strict=True))]


def _median(feature: Feature, values: np.ndarray) -> Measurement:
    known = values[np.isfinite(values)]
    if not known.size:
        return feature.missing(Status.NOT_APPLICABLE, "the recording or the next application comes too soon after it")
    return feature.measured(float(np.median(known)))
