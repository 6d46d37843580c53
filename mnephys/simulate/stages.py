"""Parameter sets for neurons at different stages of functional maturity.

The sets are tuned by hand so that the simulated cells fall into ranges drawn from published tables.
They are not fitted to any recording, and do not claim to know which channels a real cell of a stage
has. What twenty varied cells of each stage are tested against:

======================  ==========  ===========  ============  =============
quantity                silent      immature     intermediate  mature
======================  ==========  ===========  ============  =============
resting potential       -45..-30    -45..-35     -54..-46      -67..-61 mV
input resistance        1..4        1..3.4       0.55..0.98    0.15..0.4 GOhm
capacitance             5..25       5..25        26..49        60..101 pF
AP amplitude            none        20..48       50..65        over 65 mV
AP half-width           none        over 4.3     2.6..3.9      1..2 ms
firing                  none        one AP       2 or more,    to the end,
                                                 below 10 Hz   over 12 Hz
======================  ==========  ===========  ============  =============

Amplitudes are from threshold. The immature and intermediate ranges stand between human stem-cell-derived
neurons that are no motor neurons (10.3389/fnins.2020.593248, 10.7554/eLife.64434), for want of
tables of those that are; the mature ones between the most mature of these (10.1038/mp.2017.56) and
neonatal mouse motor neurons (10.7554/eLife.04046), whose input resistance, however, is ten times less.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from mnephys.simulate.kinetics import Kinetics
from mnephys.simulate.neuron import Neuron

__all__ = ["STAGES", "Stage", "stage_named", "vary"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A preset: a typical neuron of one stage and the family of steps that suits it.

    Parameters
    ----------
    name : str
        Its key in `STAGES`.
    neuron : Neuron
        The typical neuron.
    first_level, level_increment : float
        First step and increment between sweeps in pA, for 15 sweeps.
    maturity : str
        What a score should call it: ``immature``, ``intermediate`` or ``mature``.
    expected : str
        What a recording of it shows.
    """

    name: str
    neuron: Neuron
    first_level: float
    level_increment: float
    maturity: str
    expected: str


_SILENT = Stage(
    name="silent",
    neuron=Neuron(
        capacitance=13.0,
        leak=0.45,
        leak_reversal=-36.0,
        potassium=1.0,
        kinetics=Kinetics(shift=-42.0, rate=0.3),
    ),
    first_level=-6.0,
    level_increment=3.5,
    maturity="immature",
    expected="no action potential although the steps drive the steady state past -10 mV",
)
_IMMATURE = Stage(
    name="immature",
    neuron=Neuron(
        capacitance=15.0,
        leak=0.26,
        leak_reversal=-29.5,
        sodium=33.0,
        potassium=10.0,
        ahp=32.0,
        sodium_reversal=45.0,
        kinetics=Kinetics(shift=-42.0, inactivation_shift=-4.0, rate=0.088, ahp_half=-11.0, ahp_tau=300.0),
    ),
    first_level=-6.0,
    level_increment=1.5,
    maturity="immature",
    expected="one small, broad action potential at most: below 50 mV from threshold, wider than 4 ms",
)
_INTERMEDIATE = Stage(
    name="intermediate",
    neuron=Neuron(
        capacitance=35.0,
        leak=1.0,
        leak_reversal=-46.6,
        sodium=141.0,
        potassium=30.0,
        ahp=70.0,
        h_current=0.1,
        sodium_reversal=45.0,
        kinetics=Kinetics(shift=-48.5, rate=0.2, ahp_half=-18.0, ahp_tau=600.0),
    ),
    first_level=-14.0,
    level_increment=7.0,
    maturity="intermediate",
    expected="a few action potentials of 50 to 60 mV, then silence, or below 10 Hz at the strongest steps",
)
_MATURE = Stage(
    name="mature",
    neuron=Neuron(
        capacitance=80.0,
        leak=2.6,
        leak_reversal=-63.0,
        sodium=1100.0,
        potassium=300.0,
        m_current=6.0,
        ahp=100.0,
        h_current=1.5,
        sodium_reversal=45.0,
        kinetics=Kinetics(shift=-56.0, rate=0.35, ahp_tau=150.0),
    ),
    first_level=-60.0,
    level_increment=30.0,
    maturity="mature",
    expected="overshooting action potentials of over 65 mV, firing to the end of the step with adaptation",
)
_BLOCKING = Stage(
    name="blocking",
    neuron=replace(
        _MATURE.neuron,
        sodium=1080.0,
        potassium=85.0,
        m_current=3.0,
        ahp=30.0,
        kinetics=replace(_MATURE.neuron.kinetics, rate=0.55, inactivation_shift=-8.0),
    ),
    first_level=-60.0,
    level_increment=45.0,
    maturity="mature",
    expected="like mature, with depolarisation block at the strongest steps",
)

STAGES = MappingProxyType({s.name: s for s in (_SILENT, _IMMATURE, _INTERMEDIATE, _MATURE, _BLOCKING)})
"""Presets by name, least mature first; `blocking` is a mature cell that shows depolarisation block."""

_VARIED = ("capacitance", "leak", "sodium", "potassium", "m_current", "ahp", "h_current")


def stage_named(name: str) -> Stage:
    """Look up a preset.

    Parameters
    ----------
    name : str
        A key of `STAGES`.

    Returns
    -------
    Stage
        The preset.

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> stage_named("mature").neuron.capacitance
    80.0
    """
    if name not in STAGES:
        raise ValueError(f"stage {name!r} is not known; known are {', '.join(STAGES)}")
    return STAGES[name]


def vary(stage: Stage, n: int, rng: np.random.Generator, *, spread: float = 0.1) -> list[Neuron]:
    """Draw neurons that differ from cell to cell.

    Capacitance and conductances are log-normal around the preset, cut at two standard deviations so
    that a cell stays one of its stage. Published cells of one stage vary more (coefficients of
    variation of 0.3 to 0.6), and stages overlap; here they are meant not to.

    Parameters
    ----------
    stage : Stage
        The preset.
    n : int
        Number of neurons.
    rng : numpy.random.Generator
        The only source of chance.
    spread : float
        Standard deviation of the logarithm of each varied parameter.

    Returns
    -------
    list of Neuron
        Of length `n`.

    Examples
    --------
    >>> first, second = vary(STAGES["mature"], 2, np.random.default_rng(1))
    >>> first.capacitance != second.capacitance, 65 < first.capacitance < 98
    (True, True)
    """
    factors = np.exp(spread * np.clip(rng.standard_normal((n, len(_VARIED))), -2, 2))
    return [
        replace(
            stage.neuron, **{name: getattr(stage.neuron, name) * float(f) for name, f in zip(_VARIED, row, strict=True)}
        )
        for row in factors
    ]
