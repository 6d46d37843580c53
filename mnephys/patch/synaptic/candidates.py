"""Where events may be: peaks of the detection trace, of either polarity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.patch.synaptic.deconvolution import deconvolve, inverse_kernel
from mnephys.patch.synaptic.noise import gaussian_core
from mnephys.patch.synaptic.pieces import PIECE_SAMPLES, filled, row_blocks, whole_windows
from mnephys.patch.synaptic.remains import Remains
from mnephys.patch.synaptic.sliding import slide
from mnephys.patch.synaptic.templates import Template
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["METHODS", "Candidates", "find_candidates"]

METHODS = ("template", "deconvolution")
PROMINENCE = 3.0
SEPARATION_RISES = 2.0
LEAST_SD = 1e-4
REACH_TEMPLATES = 4
BLOCK_S = 5.0
STRIDE_S = 0.001
FEWEST_IN_BLOCK = 500
SAMPLES_FOR_NOISE = 2_000_000


@dataclass(frozen=True, slots=True)
class Candidates:
    """Peaks of the detection trace, ordered by sweep and time.

    Parameters
    ----------
    sweep, onset : ndarray, int, shape (n,)
        0-based sweep, and the sample at which the template begins to rise.
    score : ndarray, float, shape (n,)
        Height of the detection trace in SD of its noise; positive for outward peaks, negative for inward ones.
    searched_samples : int
        Onsets that were looked at.
    smallest : float
        The amplitude in pA that an event of the template's shape needs to reach the threshold; NaN where nothing was
        searched.
    """

    sweep: IntArray
    onset: IntArray
    score: FloatArray
    searched_samples: int
    smallest: float


def find_candidates(
    remains: Remains,
    searched: BoolArray,
    template: Template,
    method: str,
    threshold: float,
    *,
    piece: int = PIECE_SAMPLES,
) -> Candidates:
    """Find the peaks of the detection trace.

    Parameters
    ----------
    remains : Remains
        A recording, maybe without some events.
    searched : ndarray, bool, shape (n_sweeps, n_samples)
        Where to look; the current is finite there.
    template : Template
        The shape of an event.
    method : str
        One of `METHODS`.
    threshold : float
        In SD of the noise of the detection trace.
    piece : int
        Samples that are worked on at once; changes nothing but the memory taken.

    Returns
    -------
    Candidates
        Of both polarities. The template lies within searched samples, from its lead on.

    Notes
    -----
    The SD is that of the Gaussian fitted to the histogram of the whole trace; where the noise of 5 s is larger, it is
    that of these 5 s, so that a seal that gets worse makes no events.

    A second peak counts beside a higher one where the trace falls by at least 3 SD between them. A large event throws
    shadows of the other polarity; these are candidates here, and none once the event is fitted.

    Examples
    --------
    >>> import numpy as np
    >>> current = np.random.default_rng(0).normal(0.0, 1.0, (1, 20000))
    >>> template = Template(1.0, 8.0, 10000.0)
    >>> current[0, 5000 - template.lead : 5000 + template.tail] -= 20.0 * template.samples
    >>> found = find_candidates(Remains.all_of(current, 1e4), current < 1e4, template, "template", 5.0)
    >>> deepest = found.score.argmin()
    >>> bool(abs(found.onset[deepest] - 5000) < 3), bool(found.score[deepest] < -5)
    (True, True)
    """
    width = template.samples.size
    allowed = whole_windows(searched, width)
    if not allowed.any():
        empty = np.zeros(0, dtype=np.int64)
        return Candidates(empty, empty, np.zeros(0), 0, float("nan"))
    trace, some, error = _trace(remains, searched, allowed, template, method, piece)
    middle, sd = gaussian_core(some)
    sd = max(sd, LEAST_SD)
    found, loudness = [], []
    # Whole arrays of a long recording would be there several times over.
    for rows in row_blocks(trace.shape):
        score = trace[rows]
        score -= np.float32(middle)
        score /= np.float32(sd)
        score[~allowed[rows]] = 0.0
        louder, length = _louder(score, allowed[rows], template.sampling_rate)
        for block in range(louder.shape[1]):
            score[:, block * length : (block + 1) * length] /= louder[:, block : block + 1]
        at, height = _peaks(score, template, threshold)
        sweep, first = np.divmod(at, score.shape[1] + 1)
        found.append((sweep + rows.start, first + template.lead, height))
        loudness.append(louder.ravel())
    sweep, onset, height = (np.concatenate(column) for column in zip(*found, strict=True))
    smallest = threshold * sd * error * float(np.median(np.concatenate(loudness)))
    return Candidates(sweep, onset, height, int(allowed.sum()), smallest)


def _trace(
    remains: Remains, searched: BoolArray, allowed: BoolArray, template: Template, method: str, piece: int
) -> tuple[FloatArray, FloatArray, float]:
    """Return the detection trace, values enough to know its distribution, and the amplitude in pA for which it is 1."""
    trace = np.empty(allowed.shape, dtype=np.float32)
    stride = max(1, int(allowed.sum()) // SAMPLES_FOR_NOISE)
    kernel = inverse_kernel(template) if method == "deconvolution" else np.zeros(0)
    some, errors = [], [np.ones(1, dtype=np.float32)]
    for rows in row_blocks(searched.shape):
        smooth = filled(remains.rows(rows), searched[rows], template.sampling_rate)
        if method == "template":
            slid = slide(smooth, template.samples, piece=piece)
            trace[rows] = slid.criterion
            errors.append(slid.error[allowed[rows]][::stride].copy())
        else:
            whole = deconvolve(smooth, kernel, piece=piece)
            trace[rows] = whole[:, template.lead :][:, : allowed.shape[1]]
        some.append(trace[rows][allowed[rows]][::stride].copy())
    error = np.concatenate(errors[1:] or errors)
    return trace, np.concatenate(some), float(np.median(error))


def _louder(score: FloatArray, allowed: BoolArray, sampling_rate: float) -> tuple[FloatArray, int]:
    """Return by how much the noise of stretches of about 5 s exceeds that of the whole, and their length in samples."""
    n_sweeps, n_samples = score.shape
    n_blocks = max(1, round(n_samples / (BLOCK_S * sampling_rate)))
    length = -(-n_samples // n_blocks)
    stride = max(1, round(STRIDE_S * sampling_rate))
    spread = np.ones((n_sweeps, n_blocks), dtype=np.float32)
    for block in range(n_blocks):
        part = np.s_[:, block * length : (block + 1) * length : stride]
        known = allowed[part]
        rows = np.flatnonzero(known.sum(axis=1) >= FEWEST_IN_BLOCK)
        values = np.where(known[rows], np.abs(score[part][rows]), np.float32(np.nan))
        if rows.size:
            spread[rows, block] = np.maximum(np.nanmedian(values, axis=1) / np.float32(0.6745), 1.0)
    return spread, length


def _peaks(score: FloatArray, template: Template, threshold: float) -> tuple[IntArray, FloatArray]:
    """Return where the trace peaks, up or down, counted with one more column; and its height there."""
    from scipy.signal import find_peaks

    # A column of zeros keeps the end of one sweep from the start of the next.
    flat = np.pad(score, ((0, 0), (1, 1)))[:, :-1].ravel()
    flat = np.append(flat, np.float32(0.0))
    distance = max(1.0, SEPARATION_RISES * template.rise * template.sampling_rate / 1000.0)
    reach = 2 * REACH_TEMPLATES * template.samples.size + 1
    found = [
        find_peaks(side, height=threshold, prominence=PROMINENCE, distance=distance, wlen=reach)[0]
        for side in (flat, -flat)
    ]
    at = np.sort(np.concatenate(found))
    height: FloatArray = flat[at].astype(np.float64)
    return at - 1, height
