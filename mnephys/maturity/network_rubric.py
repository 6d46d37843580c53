"""The rubric for the network in a well: what it has beside what every rubric has, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mnephys.maturity.parse_scale import parse_gates, parse_scale, parse_toml, rubric_bytes
from mnephys.maturity.scale import Gate, Scale
from mnephys.maturity.section import Section

__all__ = ["ACTIVE_COUNT", "BUILT_IN", "STAGES", "Confidence", "NetworkRubric", "load_network_rubric"]

BUILT_IN = "network.toml"
"""The rubric that comes with the package."""

STAGES = ("emerging", "organised")
"""The stages above ``absent``, lowest first; each includes the conditions of those before it."""

ACTIVE_COUNT = "active_electrode_count"
"""The feature that says how many electrodes of a well are active."""

_KEYS = ("stages", "confidence", "plate", "definitions", "silencers")


@dataclass(frozen=True, slots=True)
class Confidence:
    """What speaks for a score beside its criteria.

    Parameters
    ----------
    duration_s : float
        A recording of at least this length, in s.
    days : int
        The well was recorded on at least so many days.
    successive_organised : int
        For an organised network: it is so on so many days in a row.
    """

    duration_s: float
    days: int
    successive_organised: int


@dataclass(frozen=True, slots=True)
class NetworkRubric(Scale):
    """A valid rubric for wells.

    Parameters
    ----------
    name, version, title, note, level, sha256, domains, criteria, counted, references
        As in `mnephys.maturity.scale.Scale`.
    stages : mapping of str to tuple of Gate
        The conditions of each of `STAGES`, on top of those of the stage before it.
    confidence : Confidence
        What speaks for a score beside its criteria.
    plate_wells : int
        A plate has the highest stage that so many of its wells have reached, if these are also
    plate_share : float
        so large a share of its wells that were scored.
    definitions : str
        The generation of definitions that the cuts rest on.
    silencers : tuple of str
        Treatments that silence a well on purpose, lower case.
    """

    stages: Mapping[str, tuple[Gate, ...]]
    confidence: Confidence
    plate_wells: int
    plate_share: float
    definitions: str
    silencers: tuple[str, ...]


def load_network_rubric(path: Path | str | None = None) -> NetworkRubric:
    """Read and check a rubric for wells.

    Parameters
    ----------
    path : Path or str, optional
        A TOML file, or the name of a built-in rubric; the one for networks if omitted.

    Returns
    -------
    NetworkRubric
        Valid, with the hash of its file.

    Raises
    ------
    RubricError
        If the file cannot be read or is not valid: one line, with file, place and what to do.

    Examples
    --------
    >>> rubric = load_network_rubric()
    >>> rubric.level, sorted(rubric.stages)
    ('well', ['emerging', 'organised'])
    """
    top, sha256 = parse_toml(*rubric_bytes(path, BUILT_IN), _KEYS)
    scale = parse_scale(top, sha256, "well")
    if ACTIVE_COUNT not in scale.criteria:
        raise top.error(f"the criterion {ACTIVE_COUNT} is missing", "add it, it says what can be active together")
    confidence = top.below("confidence", ["duration_s", "days", "successive_organised"])
    plate = top.below("plate", ["wells", "share"])
    return NetworkRubric(
        **scale.parts(),
        stages=parse_gates(top, "stages", STAGES, scale),
        confidence=Confidence(
            confidence.required("duration_s"),
            _count(confidence, "days"),
            _count(confidence, "successive_organised"),
        ),
        plate_wells=_count(plate, "wells"),
        plate_share=_share(plate, "share"),
        definitions=top.text("definitions"),
        silencers=tuple(name.casefold() for name in top.texts("silencers")),
    )


def _share(section: Section, key: str) -> float:
    number = section.required(key)
    if not 0 < number <= 1:
        raise section.error(f"{key} is {number:g}", "give a share of more than 0, at most 1")
    return number


def _count(section: Section, key: str) -> int:
    number = section.required(key)
    if number < 1 or not number.is_integer():
        raise section.error(f"{key} is {number:g}", "it needs to be 1, 2, 3, ...")
    return int(number)
