"""What a rubric for cells consists of beside what every rubric has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mnephys.maturity.scale import Gate, Scale

__all__ = [
    "AMPLITUDE",
    "CLAIMS",
    "DRIVE",
    "HOLDING",
    "INPUT_RESISTANCE",
    "PATTERN",
    "QUALITY",
    "RANGE",
    "RESTING",
    "Rubric",
    "Scenarios",
    "Stages",
]

PATTERN = "firing_pattern"
DRIVE = "qc_drive"
RANGE = "qc_range"
DRIFT = "qc_drift"
HOLDING = "qc_holding_current"
QUALITY = "qc_recording"
RESTING = "resting_membrane_potential"
INPUT_RESISTANCE = "input_resistance"
AMPLITUDE = "ap_amplitude"

CLAIMS = ("excitable", "functional", "mature_in_vitro")
"""The claims above ``none``, lowest first; each includes those before it."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What makes a stage beside the gates.

    Parameters
    ----------
    immature_below : float
        A lower index is immature.
    silent_patterns : tuple of str
        Firing patterns without an AP: immature where the cell was driven, else no measurement.
    mature_drift_mv : float
        A cell whose baselines are further apart changed while it was recorded: it is never called mature.
    """

    immature_below: float
    silent_patterns: tuple[str, ...]
    mature_drift_mv: float = math.inf


@dataclass(frozen=True, slots=True)
class Scenarios:
    """The range of what is not known about a recording.

    Parameters
    ----------
    junction_potential_mv : tuple of float
        What may have to be added back, in mV.
    shifted : tuple of str
        The voltages that it shifts.
    seal_mohm : tuple of float
        Seal resistances in MOhm; a perfect seal is always among them.
    seal_limited_below : float
        A seal below so many input resistances counts as unknown.
    resting_floor_mv : float
        No cell rests below it, in mV: a seal that would say so is not possible.
    held_above_pa : float
        A current at baseline beyond it, in pA and either direction, holds the cell off rest.
    lower_bound_patterns : tuple of str
        Firing patterns that stronger steps might exceed, where the steps stop early.
    """

    junction_potential_mv: tuple[float, ...]
    shifted: tuple[str, ...]
    seal_mohm: tuple[float, ...]
    seal_limited_below: float
    resting_floor_mv: float
    held_above_pa: float
    lower_bound_patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rubric(Scale):
    """A valid rubric for cells.

    Parameters
    ----------
    name, version, title, note, level, sha256, domains, criteria, counted, references
        As in `mnephys.maturity.scale.Scale`.
    claims : mapping of str to tuple of Gate
        The conditions of each of `CLAIMS`, on top of those of the claims before it.
    stages : Stages
        What makes a stage beside the gates.
    scenarios : Scenarios
        The range of what is not known.
    identity_minimum : int
        So many identity criteria have to be met for the cell to look like its type.
    second_opinion : str
        The reference whose sets of cells a stage is held against; empty where none is of such cells.
    """

    claims: Mapping[str, tuple[Gate, ...]]
    stages: Stages
    scenarios: Scenarios
    identity_minimum: int
    second_opinion: str = ""
