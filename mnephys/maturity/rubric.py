"""Reading a rubric: the file that says what counts as mature, and on whose authority.

A rubric is TOML. Nothing that decides a stage is written in code: domains, cuts, gates, claims and
the range of what is unknown stand in the file, each cut with its source.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from mnephys.errors import RubricError
from mnephys.maturity.model import (
    CLAIMS,
    EVERY_DOMAIN,
    HOLDING,
    PATTERN,
    Criterion,
    Domain,
    Gate,
    Reference,
    Rubric,
    Scenarios,
    Stages,
)
from mnephys.maturity.parse_criteria import check_references, parse_criteria, symbol
from mnephys.maturity.section import Section
from mnephys.wording import nearest

__all__ = ["BUILT_IN", "load_rubric", "parse_rubric"]

BUILT_IN = "spinal_motor_neuron.toml"
"""The rubric that comes with the package."""

_MAX_BYTES = 1_000_000
_TOP = (
    "name",
    "version",
    "title",
    "note",
    "level",
    "domains",
    "criteria",
    "claims",
    "stages",
    "scenarios",
    "identity",
    "references",
)
_GATE = (
    "target",
    "at_least",
    "above",
    "minimum",
    "one_of",
    "measured",
    "only_if_held",
    "any_of",
    "decisive",
    "unit",
    "needs",
    "source",
)
_SCENARIOS = (
    "junction_potential_mv",
    "shifted",
    "seal_mohm",
    "seal_limited_below",
    "resting_floor_mv",
    "held_above_pa",
    "lower_bound_patterns",
)
_LINK = re.compile(r"(10\.\d{4,9}/\S+|https://\S+)")


def load_rubric(path: Path | str | None = None) -> Rubric:
    """Read and check a rubric.

    Parameters
    ----------
    path : Path or str, optional
        A TOML file; the built-in rubric for spinal motor neurons if omitted.

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
    if path is None:
        built_in = resources.files("mnephys.maturity") / "rubrics" / BUILT_IN
        return parse_rubric(built_in.read_bytes(), BUILT_IN)
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise RubricError(f"{path}: cannot be read ({error.strerror}); give the path of a TOML file") from None
    return parse_rubric(data, str(path))


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
    mnephys.errors.RubricError: mine.toml: unknown key 'nmae'; the nearest is 'name'
    """
    if len(data) > _MAX_BYTES:
        raise RubricError(f"{file}: is longer than {_MAX_BYTES} bytes; a rubric is a short TOML file")
    plain = data.replace(b"\r\n", b"\n")
    top = Section({}, file)
    try:
        content = tomllib.loads(plain.decode())
    except UnicodeDecodeError:
        raise top.error("is not UTF-8 text", "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise top.error(f"is not valid TOML: {error}", "correct it there") from None
    except (RecursionError, ValueError):
        raise top.error("is nested too deeply or has a number too long", "write a plain TOML file") from None
    top = Section(content, file, "", _TOP)
    name, level = top.text("name"), top.text("level")
    if level != "cell":
        raise top.error(f"level is {level!r}", "write 'cell'")
    references = _references(top)
    domains = _domains(top)
    criteria = parse_criteria(top, domains, references)
    _check_domains(top, domains, criteria)
    return Rubric(
        name=name,
        version=top.text("version"),
        title=top.text("title", name),
        note=top.text("note", ""),
        level=level,
        sha256=hashlib.sha256(plain).hexdigest(),
        domains=domains,
        criteria=criteria,
        counted=tuple(criterion for criterion in criteria.values() if criterion.counts),
        claims=_claims(top, domains, criteria, references),
        stages=_stages(top, criteria),
        scenarios=_scenarios(top, criteria),
        identity_minimum=int(top.below("identity", ["minimum"]).number("minimum") or 1),
        references=references,
    )


def _references(top: Section) -> dict[str, Reference]:
    section = top.below("references")
    found = {}
    for key in section.data:
        entry = section.below(key, ["citation", "link"])
        link = entry.text("link")
        if not _LINK.fullmatch(link):
            raise entry.error(
                f"link {link!r} is neither a DOI nor an https address", "write 10.xxxx/... or https://..."
            )
        found[key] = Reference(entry.text("citation"), link)
    return found


def _domains(top: Section) -> dict[str, Domain]:
    section = top.below("domains")
    found = {}
    for name in section.data:
        entry = section.below(name, ["label", "weight", "minimum", "reported_apart"])
        weight = entry.required("weight")
        if entry.flag("reported_apart"):
            if weight != 0:
                raise entry.error(f"weight is {weight:g} although it is reported apart", "write weight = 0")
        elif weight <= 0:
            raise entry.error(f"weight {weight:g} is not positive", "give a positive one, or reported_apart = true")
        minimum = entry.number("minimum") or 0.0
        if minimum < 0 or not minimum.is_integer():
            raise entry.error(f"minimum is {minimum:g}", "it needs to be 0, 1, 2, ...")
        found[name] = Domain(name, entry.text("label", name), weight, int(minimum))
    if not any(domain.weight for domain in found.values()):
        raise section.error("no domain has a weight", "give at least one a positive weight")
    return found


def _check_domains(top: Section, domains: Mapping[str, Domain], criteria: Mapping[str, Criterion]) -> None:
    for domain in domains.values():
        scored = sum(c.domain == domain.name and c.role == "scored" for c in criteria.values())
        needed = max(domain.minimum, int(domain.weight > 0))
        if scored < needed:
            place = top.below("domains").below(domain.name)
            raise place.error(f"has {scored} scored criteria", f"give it {needed} or more")


def _claims(
    top: Section,
    domains: Mapping[str, Domain],
    criteria: Mapping[str, Criterion],
    references: Mapping[str, Reference],
) -> dict[str, tuple[Gate, ...]]:
    section = top.below("claims", CLAIMS)
    found = {}
    for claim in CLAIMS:
        gates = [
            _gate(g, domains, criteria, references)
            for g in section.below(claim, ["gates"]).each("gates", _GATE, "target")
        ]
        if not gates:
            raise section.error(f"claim {claim} has no gates", f"add [[claims.{claim}.gates]]")
        found[claim] = tuple(gates)
    return found


def _gate(
    section: Section,
    domains: Mapping[str, Domain],
    criteria: Mapping[str, Criterion],
    references: Mapping[str, Reference],
) -> Gate:
    inner = tuple(_gate(g, domains, criteria, references) for g in section.each("any_of", _GATE, "target"))
    target = section.text("target", "" if inner else None)
    source = section.texts("source")
    check_references(section, source, references)
    at_least, above, one_of = section.number("at_least"), section.number("above"), section.texts("one_of")
    measured = section.flag("measured")
    tests = sum((bool(inner), at_least is not None, above is not None, bool(one_of), measured))
    if tests != 1:
        raise section.error(f"has {tests} conditions", "give exactly one of at_least, above, one_of, measured, any_of")
    known = [*criteria, *(f"domain:{name}" for name in domains), EVERY_DOMAIN]
    if not inner and target not in known:
        raise section.error(f"target {target!r} is not known", nearest(target, known))
    if (criterion := criteria.get(target)) is not None:
        for category in one_of:
            if category not in criterion.categories:
                raise section.error(f"category {category!r} is not known", nearest(category, criterion.categories))
        if not one_of and not measured and symbol(section) != criterion.unit:
            raise section.error(f"unit differs from the {criterion.unit} of the criterion", f"write {criterion.unit}")
        if not source:
            raise section.error("source is missing", 'write source = ["key of a reference"]')
    elif one_of or measured:
        raise section.error("one_of and measured need a feature", "use at_least or above")
    minimum = section.number("minimum") or 0.0
    if minimum < 0 or not minimum.is_integer() or (minimum and not target.startswith("domain:")):
        raise section.error(f"minimum is {minimum:g}", "it needs to be 1, 2, ... and stand with a domain")
    unit = "" if criterion is None or one_of or measured else criterion.unit
    return Gate(
        target=target,
        at_least=at_least,
        above=above,
        minimum=int(minimum),
        one_of=one_of,
        measured=measured,
        only_if_held=section.flag("only_if_held"),
        any_of=inner,
        decisive=section.flag("decisive"),
        unit=unit,
        needs=section.text("needs", ""),
        source=source,
    )


def _stages(top: Section, criteria: Mapping[str, Criterion]) -> Stages:
    section = top.below("stages", ["immature_below", "silent_patterns"])
    if PATTERN not in criteria or not criteria[PATTERN].categories:
        raise top.error(f"the criterion {PATTERN} is missing or has no categories", "add it")
    return Stages(section.required("immature_below"), _patterns(section, "silent_patterns", criteria))


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
