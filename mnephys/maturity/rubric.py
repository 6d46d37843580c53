"""Reading a rubric: the file that says what counts as mature, and on whose authority.

A rubric is TOML. Nothing that decides a stage is written in code: domains, cuts, gates, claims and
the range of what is unknown stand in the file, each cut with its source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from mnephys.maturity.model import CLAIMS, DRIFT, HOLDING, PATTERN, Rubric, Scenarios, Stages
from mnephys.maturity.parse_scale import parse_gates, parse_scale, parse_toml, rubric_bytes
from mnephys.maturity.scale import Criterion
from mnephys.maturity.section import Section
from mnephys.wording import nearest

__all__ = ["BUILT_IN", "load_rubric", "parse_rubric"]

BUILT_IN = "spinal_motor_neuron.toml"
"""The rubric that comes with the package."""

_KEYS = ("claims", "stages", "scenarios", "identity", "second_opinion")
REFERENCES = ("motor_neuron",)
"""What a stage can be held against."""
_SCENARIOS = (
    "junction_potential_mv",
    "shifted",
    "seal_mohm",
    "seal_limited_below",
    "resting_floor_mv",
    "held_above_pa",
    "lower_bound_patterns",
)


def load_rubric(path: Path | str | None = None) -> Rubric:
    """Read and check a rubric.

    Parameters
    ----------
    path : Path or str, optional
        A TOML file, or the name of a built-in rubric; the one for spinal motor neurons if omitted.

    Returns
    -------
    Rubric
        Valid, with the hash of its file.

    Raises
    ------
    RubricError
        If the file cannot be read or is not valid: one line, with file, place and what to do.

    Examples
    --------
    >>> rubric = load_rubric()
    >>> rubric.name, rubric.criteria["ap_half_width"].mature
    ('spinal_motor_neuron', 2.5)
    """
    return parse_rubric(*rubric_bytes(path, BUILT_IN))


def parse_rubric(data: bytes, file: str = "rubric") -> Rubric:
    """Check the bytes of a rubric.

    Parameters
    ----------
    data : bytes
        TOML in UTF-8.
    file : str
        What messages call it.

    Returns
    -------
    Rubric
        Valid.

    Raises
    ------
    RubricError
        If it is not: one line, with file, place and what to do.

    Examples
    --------
    >>> parse_rubric(b"nmae = 'x'", "mine.toml")
    Traceback (most recent call last):
    mnephys.errors.RubricError: mine.toml: line 1: unknown key 'nmae'; the nearest is 'name'
    """
    top, sha256 = parse_toml(data, file, _KEYS)
    scale = parse_scale(top, sha256, "cell")
    return Rubric(
        **scale.parts(),
        claims=parse_gates(top, "claims", CLAIMS, scale),
        stages=_stages(top, scale.criteria),
        scenarios=_scenarios(top, scale.criteria),
        identity_minimum=int(top.below("identity", ["minimum"]).number("minimum") or 1),
        second_opinion=_second_opinion(top),
    )


def _second_opinion(top: Section) -> str:
    name = top.text("second_opinion", "")
    if name and name not in REFERENCES:
        raise top.error(f"second_opinion {name!r} is not known", nearest(name, REFERENCES))
    return name


def _stages(top: Section, criteria: Mapping[str, Criterion]) -> Stages:
    section = top.below("stages", ["immature_below", "silent_patterns", "mature_drift_mv"])
    if PATTERN not in criteria or not criteria[PATTERN].categories:
        raise top.error(f"the criterion {PATTERN} is missing or has no categories", "add it")
    drift = section.number("mature_drift_mv")
    if drift is not None and (DRIFT not in criteria or criteria[DRIFT].unit != "mV" or drift <= 0):
        raise section.error(f"mature_drift_mv is {drift:g}", f"give a positive one, and the criterion {DRIFT} in mV")
    patterns = _patterns(section, "silent_patterns", criteria)
    return Stages(section.required("immature_below"), patterns, math.inf if drift is None else drift)


def _patterns(section: Section, key: str, criteria: Mapping[str, Criterion]) -> tuple[str, ...]:
    known = criteria[PATTERN].categories
    for pattern in (patterns := section.texts(key)):
        if pattern not in known:
            raise section.error(f"pattern {pattern!r} is not known", nearest(pattern, known))
    return patterns


def _scenarios(top: Section, criteria: Mapping[str, Criterion]) -> Scenarios:
    section = top.below("scenarios", _SCENARIOS)
    if HOLDING not in criteria or criteria[HOLDING].unit != "pA":
        raise top.error(f"the criterion {HOLDING} is missing or not in pA", "add it, it says whether a cell is at rest")
    shifted, seals = section.texts("shifted"), section.numbers("seal_mohm")
    for name in shifted:
        if name not in criteria or criteria[name].unit != "mV":
            raise section.error(f"shifted has {name!r}, no criterion in mV", nearest(name, criteria))
    if any(seal <= 0 for seal in seals):
        raise section.error("seal_mohm has a value that is not positive", "give resistances in MOhm")
    return Scenarios(
        section.numbers("junction_potential_mv"),
        shifted,
        seals,
        section.required("seal_limited_below"),
        section.required("resting_floor_mv"),
        section.required("held_above_pa"),
        _patterns(section, "lower_bound_patterns", criteria),
    )
