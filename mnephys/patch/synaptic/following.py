"""With which template to search, by what was found with another."""

from __future__ import annotations

import numpy as np

from mnephys.patch.synaptic.refining import Events
from mnephys.patch.synaptic.searching import Search, search
from mnephys.patch.synaptic.templates import Template
from mnephys.recording import BoolArray, FloatArray

__all__ = ["POLARITIES", "dominant", "first_search", "of_side", "wanted"]

POLARITIES = ("inward", "outward")
OTHER_KINETICS = 1.5
LONGER_REACH = 3.0
FEWEST_TO_FOLLOW = 8
SLOW_SHARE = 0.9
FASTEST_SAMPLES = 2.0
SLOWEST_MS = 200.0
SLOW_RISE_MS = 4.0
SLOW_DECAY_MS = 60.0


def first_search(current: FloatArray, searched: BoolArray, template: Template, method: str, threshold: float) -> Search:
    """Search with the template, and with a slow one where too few are found to tell their shape.

    Parameters
    ----------
    current : ndarray, float32, shape (n_sweeps, n_samples)
        In pA.
    searched : ndarray, bool, shape (n_sweeps, n_samples)
        Where to look.
    template : Template
        The first one.
    method : str
        See `mnephys.patch.synaptic.events`.
    threshold : float
        See `mnephys.patch.synaptic.events`.

    Returns
    -------
    Search
        The slow one's only if it finds more events, and eight of one polarity at least: noise makes none of these.
    """
    done = search(current, searched, template, template.decay, method, threshold)
    if any(_telling(done, polarity) for polarity in POLARITIES) or template.decay >= SLOW_DECAY_MS:
        return done
    slow = Template(SLOW_RISE_MS, SLOW_DECAY_MS, template.sampling_rate)
    other = search(current, searched, slow, SLOW_DECAY_MS, method, threshold)
    more = of_side(other.kept, dominant(other.kept)).sweep.size > done.kept.sweep.size
    return other if more and _telling(other, dominant(other.kept)) else done


def _telling(done: Search, polarity: str) -> bool:
    """Return whether events are enough to tell their shape; steps and artefacts say nothing of it."""
    return of_side(done.kept, polarity).sweep.size >= max(FEWEST_TO_FOLLOW, done.left_out.of(polarity).kind.size + 1)


def of_side(found: Events, polarity: str) -> Events:
    """Return the events of one polarity.

    Parameters
    ----------
    found : Events
        Of both.
    polarity : str
        ``inward`` or ``outward``.

    Returns
    -------
    Events
        In the same order.
    """
    return found.take((found.fits.amplitude < 0) == (polarity == "inward"))


def dominant(found: Events) -> str:
    """Return the polarity that carries more current.

    Parameters
    ----------
    found : Events
        Of both.

    Returns
    -------
    str
        ``inward`` or ``outward``.
    """
    return "inward" if found.fits.amplitude.sum() <= 0 else "outward"


def wanted(done: Search, polarity: str) -> tuple[Template, float] | None:
    """Return the template and the reach that suit the events better than those they were found with.

    Parameters
    ----------
    done : Search
        The last search.
    polarity : str
        Whose events.

    Returns
    -------
    tuple of Template and float, or None
        The reach in ms; None where there is no need.
    """
    if not _telling(done, polarity):
        return None
    fits, had = of_side(done.kept, polarity).fits, done.template
    weight = np.abs(fits.amplitude)
    step = 1000.0 / had.sampling_rate
    decay = float(np.clip(_quantile(fits.decay, weight, 0.5), FASTEST_SAMPLES * step, SLOWEST_MS))
    rise = float(np.clip(_quantile(fits.rise, weight, 0.5), step, decay))
    slowest = min(_quantile(fits.decay, weight, SLOW_SHARE), SLOWEST_MS)
    other = max(decay / had.decay, had.decay / decay) > OTHER_KINETICS
    # A residue of the other polarity is small and may last: only large currents say how far the fits have to see.
    longer = polarity == dominant(done.kept) and slowest > LONGER_REACH * done.reach
    if not (other or longer):
        return None
    template = Template(rise, decay, had.sampling_rate) if other else had
    return template, max(slowest, template.decay, done.reach)


def _quantile(values: FloatArray, weight: FloatArray, share: float) -> float:
    """Return the value below which the given share of the weight lies: noise and residues are small, events large."""
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order[np.searchsorted(total, share * total[-1])]])
