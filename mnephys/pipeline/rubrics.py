"""Rubrics that ask for nothing but what can be measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mnephys.maturity import NetworkRubric, Rubric, RubricSet, rubric_set
from mnephys.maturity.parse_scale import parse_toml, rubric_bytes
from mnephys.maturity.vocabulary import check_features
from mnephys.measurement import Feature
from mnephys.pipeline.extract import declared_features

__all__ = ["load_any_rubric", "load_rubrics", "measured_features"]


def measured_features() -> dict[str, list[Feature]]:
    """Return every feature that can be measured, by its name.

    Returns
    -------
    dict of str to list of Feature
        More than one where cells and plates have features of the same name.

    Examples
    --------
    >>> [feature.unit for feature in measured_features()["ap_half_width"]]
    ['ms']
    """
    found: dict[str, list[Feature]] = {}
    for feature in declared_features():
        found.setdefault(feature.name, []).append(feature)
    return found


def load_any_rubric(path: Path | str) -> Rubric | NetworkRubric:
    """Read a rubric, and check that everything in it can be measured in its unit.

    Parameters
    ----------
    path : Path or str
        A TOML file, or the name of a built-in rubric.

    Returns
    -------
    Rubric or NetworkRubric
        By its level.

    Raises
    ------
    RubricError
        If it cannot be read or is not valid, or has a feature that is not known, or a cut in a wrong unit.

    Examples
    --------
    >>> load_any_rubric("network").level
    'well'
    """
    rubric = rubric_set.load_any(path)
    top, _ = parse_toml(*rubric_bytes(path, ""))
    check_features(top, rubric, measured_features())
    return rubric


def load_rubrics(paths: Sequence[Path | str] = ()) -> RubricSet:
    """Read the rubrics of a user, and check that everything in them can be measured in its unit.

    Parameters
    ----------
    paths : sequence of Path or str
        TOML files or names of built-in rubrics, one for each level at most; for a level without one the built-in.

    Returns
    -------
    RubricSet
        Valid.

    Raises
    ------
    RubricError
        As of `load_any_rubric`; also if two are for the same level.

    Examples
    --------
    >>> load_rubrics().cell.name
    'spinal_motor_neuron'
    """
    found = rubric_set.load_rubrics(paths)
    for path in paths:
        load_any_rubric(path)
    return found
