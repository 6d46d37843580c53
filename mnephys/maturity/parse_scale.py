"""The parts that rubrics of all levels share, read from their TOML and checked."""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path

from mnephys.errors import RubricError
from mnephys.maturity.parse_criteria import check_references, parse_criteria, symbol
from mnephys.maturity.scale import EVERY_DOMAIN, Criterion, Domain, Gate, Reference, Scale
from mnephys.maturity.section import Section
from mnephys.maturity.toml_lines import Spot, lines_of_keys
from mnephys.wording import nearest

__all__ = ["GATE_KEYS", "parse_gate", "parse_gates", "parse_scale", "parse_toml", "rubric_bytes", "rubric_names"]

_MAX_BYTES = 1_000_000
# Thirds written with three places are meant to add up.
_WEIGHTS_OFF = 0.002
_KEYS = ("name", "version", "title", "note", "level", "domains", "criteria", "references")
GATE_KEYS = (
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
"""What a gate may say."""
_LINK = re.compile(r"(10\.\d{4,9}/\S+|https://\S+)")


def rubric_bytes(path: Path | str | None, built_in: str) -> tuple[bytes, str]:
    """Return the bytes of a rubric file and what messages call it.

    Parameters
    ----------
    path : Path or str, optional
        A TOML file, or the name of a rubric that comes with the package; a file of that name goes before it.
    built_in : str
        The file in the package that is taken where none is named.

    Returns
    -------
    data : bytes
        Hardly more than a rubric can have.
    file : str
        As the user named it.

    Raises
    ------
    RubricError
        If it cannot be read.

    Examples
    --------
    >>> rubric_bytes(None, "network.toml")[1]
    'network.toml'
    """
    if path is None:
        return _packaged(built_in), built_in
    try:
        with Path(path).open("rb") as file:
            return file.read(_MAX_BYTES + 1), str(path)
    except OSError as error:
        if (name := str(path)) in (known := rubric_names()):
            return _packaged(f"{name}.toml"), f"{name}.toml"
        # A name, not a path: what else could have been meant is told.
        if isinstance(error, FileNotFoundError) and Path(path).name == name and not Path(path).suffix:
            advice = f"give a TOML file or the name of a built-in rubric, {nearest(name, known)}"
            raise RubricError(f"{name}: does not exist; {advice}") from None
        raise RubricError(f"{path}: cannot be read ({error.strerror}); give the path of a TOML file") from None


def rubric_names() -> list[str]:
    """Return the names of the rubrics that come with the package.

    Returns
    -------
    list of str
        In alphabetical order.

    Examples
    --------
    >>> "spinal_motor_neuron" in rubric_names()
    True
    """
    names = [file.name for file in (resources.files("mnephys.maturity") / "rubrics").iterdir()]
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def _packaged(file: str) -> bytes:
    return (resources.files("mnephys.maturity") / "rubrics" / file).read_bytes()


def parse_toml(data: bytes, file: str, keys: Iterable[str] | None = None) -> tuple[Section, str]:
    """Return the top table of a rubric file, and its SHA-256.

    Parameters
    ----------
    data : bytes
        TOML in UTF-8.
    file : str
        What messages call it.
    keys : iterable of str, optional
        Keys that it may have beside those of every rubric; any, if omitted.

    Returns
    -------
    top : Section
        The whole file.
    sha256 : str
        Hexadecimal, with line ends as newlines.

    Raises
    ------
    RubricError
        If it is no TOML, too long, or has an unknown key.

    Examples
    --------
    >>> parse_toml(b"level = 'well'", "mine.toml")[0].text("level")
    'well'
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
    spot = Spot(lines_of_keys(plain.decode()))
    top = Section(content, file, "", None if keys is None else (*_KEYS, *keys), spot)
    return top, hashlib.sha256(plain).hexdigest()


def parse_scale(top: Section, sha256: str, level: str) -> Scale:
    """Read and check what every rubric has.

    Parameters
    ----------
    top : Section
        The whole file.
    sha256 : str
        Of the file.
    level : str
        What the rubric has to score.

    Returns
    -------
    Scale
        Valid.

    Raises
    ------
    RubricError
        If it is not: one line, with file, place and what to do.
    """
    name, found = top.text("name"), top.text("level")
    if found != level:
        raise top.error(f"level is {found!r}", f"write {level!r}")
    references = _references(top)
    domains = _domains(top)
    criteria = parse_criteria(top, domains, references)
    _check_domains(top, domains, criteria)
    return Scale(
        name=name,
        version=top.text("version"),
        title=top.text("title", name),
        note=top.text("note", ""),
        level=level,
        sha256=sha256,
        domains=domains,
        criteria=criteria,
        counted=tuple(criterion for criterion in criteria.values() if criterion.counts),
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
        entry = section.below(name, ["label", "weight", "minimum", "reported_apart", "experiment"])
        weight = entry.required("weight")
        if entry.flag("reported_apart"):
            if weight != 0:
                raise entry.error(f"weight is {weight:g} although it is reported apart", "write weight = 0")
        elif weight <= 0:
            raise entry.error(f"weight {weight:g} is not positive", "give a positive one, or reported_apart = true")
        minimum = entry.number("minimum") or 0.0
        if minimum < 0 or not minimum.is_integer():
            raise entry.error(f"minimum is {minimum:g}", "it needs to be 0, 1, 2, ...")
        found[name] = Domain(name, entry.text("label", name), weight, int(minimum), entry.text("experiment", ""))
    if not any(domain.weight for domain in found.values()):
        raise section.error("no domain has a weight", "give at least one a positive weight")
    total = math.fsum(domain.weight for domain in found.values())
    if abs(total - 1) > _WEIGHTS_OFF:
        raise section.error(f"the weights add up to {total:g}", "make them add up to 1")
    return found


def _check_domains(top: Section, domains: Mapping[str, Domain], criteria: Mapping[str, Criterion]) -> None:
    for domain in domains.values():
        scored = sum(c.domain == domain.name and c.role == "scored" for c in criteria.values())
        needed = max(domain.minimum, int(domain.weight > 0))
        if scored < needed:
            place = top.below("domains").below(domain.name)
            raise place.error(f"has {scored} scored criteria", f"give it {needed} or more")


def parse_gates(top: Section, key: str, names: Iterable[str], scale: Scale) -> dict[str, tuple[Gate, ...]]:
    """Read and check the gates of several claims or stages.

    Parameters
    ----------
    top : Section
        The whole file.
    key : str
        The table that has them: ``claims`` or ``stages``.
    names : iterable of str
        Which it has to have, and no others.
    scale : Scale
        What is declared.

    Returns
    -------
    dict of str to tuple of Gate
        At least one each.

    Raises
    ------
    RubricError
        If one is missing or not valid.
    """
    names = tuple(names)
    section = top.below(key, names)
    found = {}
    for name in names:
        gates = [
            parse_gate(gate, scale.domains, scale.criteria, scale.references)
            for gate in section.below(name, ["gates"]).each("gates", GATE_KEYS, "target")
        ]
        if not gates:
            raise section.error(f"{key.removesuffix('s')} {name} has no gates", f"add [[{key}.{name}.gates]]")
        found[name] = tuple(gates)
    return found


def parse_gate(
    section: Section,
    domains: Mapping[str, Domain],
    criteria: Mapping[str, Criterion],
    references: Mapping[str, Reference],
) -> Gate:
    """Read and check a gate.

    Parameters
    ----------
    section : Section
        With some of `GATE_KEYS`.
    domains, criteria, references : mapping
        What is declared.

    Returns
    -------
    Gate
        With exactly one condition.

    Raises
    ------
    RubricError
        If it is not valid.
    """
    inner = tuple(parse_gate(g, domains, criteria, references) for g in section.each("any_of", GATE_KEYS, "target"))
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
