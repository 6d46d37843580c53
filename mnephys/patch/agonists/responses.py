"""The response to one application of an agonist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnephys.measurement import Status
from mnephys.patch.agonists.course import Course
from mnephys.patch.agonists.tags import Tag
from mnephys.recording import FloatArray

__all__ = ["BASELINE_S", "RECOVERY_S", "WINDOW_S", "Response", "Unmeasured", "respond"]

BASELINE_S, LEAST_BASELINE_S = 10.0, 1.0
WINDOW_S, LEAST_WINDOW_S = 30.0, 2.0
RECOVERY_S, LATE_S = 60.0, 1.0
LEAST_SHARE = 0.5
NOISE_SD, NOISE_EXCURSION = 5.0, 1.5
DRIFT_SHARE, CLEAR_SLOPE = 0.5, 4.0


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Why an application gave no response.

    Parameters
    ----------
    status : Status
        Any but ``ok``.
    reason : str
        A clause.
    """

    status: Status
    reason: str


@dataclass(frozen=True, slots=True)
class Response:
    """What followed an application.

    Parameters
    ----------
    amplitude : float
        Peak minus baseline in pA or mV, with its sign.
    time_to_peak : float
        In s after the tag.
    area : float
        Of what exceeds the baseline, within the window, in pA s = pC or in mV s.
    recovery : float
        1 where the trace is back at the baseline, 0 where it is still at the peak; NaN where too little follows.
    noise : float
        The smallest amplitude that is no noise.
    """

    amplitude: float
    time_to_peak: float
    area: float
    recovery: float
    noise: float

    @property
    def clear(self) -> bool:
        """Whether it exceeds what the baseline does by itself."""
        return abs(self.amplitude) > self.noise


def respond(course: Course, tags: Sequence[Tag], at: int) -> Response | Unmeasured:
    """Measure what follows a tag.

    Parameters
    ----------
    course : Course
        The low-passed trace.
    tags : sequence of Tag
        All tags in order of time.
    at : int
        Which of them.

    Returns
    -------
    Response or Unmeasured
        The baseline is the median of up to 10 s before the tag, back to the tag before it. The peak is the bin
        farthest from it, on either side, within 30 s and before anything else is applied; the mark of a wash
        does not end the window.

    Examples
    --------
    >>> from mnephys.patch.agonists.tags import read_tags
    >>> time = np.arange(4000) / 100.0
    >>> current = np.where((time > 12) & (time < 20), -50.0, 0.0)
    >>> found = respond(Course(time, current, 0.01, 40.0), read_tags([(11.0, "glutamate")]), 0)
    >>> found.amplitude, round(found.time_to_peak, 2), found.recovery
    (-50.0, 1.01, 1.0)
    """
    tag = tags[at]
    if not 0 <= tag.time <= course.end:
        return Unmeasured(Status.BAD_INPUT, f"its tag at {tag.time:g} s lies outside the recording")
    before = [other for other in tags[:at] if other.time >= tag.time - BASELINE_S]
    if disturbing := [other for other in before if other.applies or other.time > tag.time - LEAST_BASELINE_S]:
        other = disturbing[-1]
        return Unmeasured(
            Status.BAD_INPUT, f"the tag {other.text!r} {tag.time - other.time:.3g} s before it lies in its baseline"
        )
    start = max([tag.time - BASELINE_S, *(other.time for other in before)])
    time, value = course.between(start, tag.time)
    if value.size * course.width < LEAST_BASELINE_S - 0.5 * course.width:
        return Unmeasured(
            Status.NOT_APPLICABLE,
            f"{value.size * course.width:.3g} s of baseline before it, {LEAST_BASELINE_S:g} s are needed",
        )
    following = next((other for other in tags[at + 1 :] if other.role.value != "end"), None)
    return _from_baseline(course, tag, following, time, value)


def _from_baseline(
    course: Course, tag: Tag, following: Tag | None, baseline_time: FloatArray, baseline: FloatArray
) -> Response | Unmeasured:
    last = course.end if following is None else min(course.end, following.time)
    stop = min(tag.time + WINDOW_S, last)
    if stop - tag.time < LEAST_WINDOW_S:
        what = "the recording ends" if following is None or course.end <= following.time else f"{following.text!r} is"
        status = Status.NOT_APPLICABLE if what.startswith("the") else Status.BAD_INPUT
        return Unmeasured(status, f"{what} {stop - tag.time:.3g} s after it, {LEAST_WINDOW_S:g} s are needed")
    time, value = course.between(tag.time, stop)
    if value.size * course.width < LEAST_SHARE * (stop - tag.time):
        share = value.size * course.width / (stop - tag.time)
        return Unmeasured(
            Status.NOT_APPLICABLE, f"only {share:.0%} of the {stop - tag.time:.3g} s after it can be used"
        )
    level = float(np.median(baseline))
    slope, rest = _trend(baseline_time, baseline)
    away = value - level
    peak = int(np.argmax(np.abs(away)))
    amplitude = float(away[peak])
    spread = float(rest.std())
    noise = max(NOISE_SD * spread, NOISE_EXCURSION * float(np.abs(rest).max()))
    drift = slope * float(time[peak] - baseline_time.mean())
    sure = CLEAR_SLOPE * spread * np.sqrt(12.0 / baseline.size) / (baseline.size * course.width)
    if abs(slope) > sure and drift * amplitude > 0 and abs(drift) > DRIFT_SHARE * abs(amplitude) > DRIFT_SHARE * noise:
        return Unmeasured(
            Status.BAD_INPUT,
            f"the baseline drifts by {slope:.3g} per s, which explains {min(drift / amplitude, 1.0):.0%} of the change",
        )
    recovery = _recovery(course, float(time[peak]), min(tag.time + WINDOW_S + RECOVERY_S, last), level, amplitude)
    area = float(away.sum()) * course.width
    return Response(amplitude, float(time[peak]) - tag.time, area, recovery, noise)


def _trend(time: FloatArray, value: FloatArray) -> tuple[float, FloatArray]:
    """Return the slope of a baseline, and what a straight line leaves of it."""
    t, v = time - time.mean(), value - value.mean()
    scale = float(t @ t)
    slope = float(t @ v) / scale if scale > 0 else 0.0
    return slope, v - slope * t


def _recovery(course: Course, peak: float, stop: float, level: float, amplitude: float) -> float:
    if stop - peak < 2.0 * LATE_S or amplitude == 0:
        return float("nan")
    _, late = course.between(stop - LATE_S, stop)
    return 1.0 - float(late.mean() - level) / amplitude if late.size else float("nan")
