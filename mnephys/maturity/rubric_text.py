"""A rubric in words and tables, for a terminal."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mnephys.maturity.model import Rubric
from mnephys.maturity.network_rubric import NetworkRubric
from mnephys.maturity.scale import EVERY_DOMAIN, Basis, Criterion, Gate, Role, Scale
from mnephys.wording import one_line

__all__ = ["AnyRubric", "cuts_in_words", "founded", "gate_in_words", "gates_of", "rubric_json", "rubric_lines"]

AnyRubric = Rubric | NetworkRubric

_CUTS = ("immature", "intermediate", "mature")
_LEGEND = (
    "A cut runs from immature (0 points) to mature (1 point). seen: read in the source itself; secondary: in a "
    "compiled table; proxy: of another kind of cell. In brackets the keys of the sources at the end."
)
_ROLES = {
    Role.SCORED: "",
    Role.STAND_IN: "stands in for",
    Role.PENALTY: "can only lower its domain",
    Role.REPORTED: "reported, not scored",
    Role.IDENTITY: "identity, not maturity",
}


def cuts_in_words(criterion: Criterion) -> str:
    """Return the cuts of a criterion with their unit.

    Parameters
    ----------
    criterion : Criterion
        Of a valid rubric.

    Returns
    -------
    str
        From immature to mature; the categories with their points; the range of an identity criterion.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> cuts_in_words(load_rubric().criteria["ap_half_width"])
    '4 -> 2.5 ms'
    """
    unit = "" if criterion.unit == "1" else f" {criterion.unit}"
    if criterion.categories:
        return ", ".join(f"{name} {points:g}" for name, points in criterion.categories.items())
    if criterion.role is Role.IDENTITY:
        ends = ((criterion.low, "at least"), (criterion.high, "at most"))
        return " and ".join(f"{words} {end:g}" for end, words in ends if end is not None) + unit
    found = [cut for name in _CUTS if (cut := getattr(criterion, name)) is not None]
    return " -> ".join(f"{cut:g}" for cut in found) + unit if found else "no cut"


def founded(scale: Scale) -> str:
    """Return in a line how well founded a rubric is.

    Parameters
    ----------
    scale : Scale
        A rubric.

    Returns
    -------
    str
        How many criteria can enter the index, and what their cuts rest on.

    Examples
    --------
    >>> from mnephys.maturity.network_rubric import load_network_rubric
    >>> founded(load_network_rubric())
    '7 criteria count; cuts: 4 seen, 0 secondary, 3 by proxy'
    """
    counted = [criterion for criterion in scale.counted if scale.domains[criterion.domain].weight]
    basis = Counter(criterion.basis for criterion in counted)
    seen, secondary, proxy = (basis[kind] for kind in (Basis.SEEN, Basis.SECONDARY, Basis.PROXY))
    criteria = "1 criterion counts" if len(counted) == 1 else f"{len(counted)} criteria count"
    return f"{criteria}; cuts: {seen} seen, {secondary} secondary, {proxy} by proxy"


def gates_of(rubric: AnyRubric) -> Mapping[str, Sequence[Gate]]:
    """Return the gates of a rubric.

    Parameters
    ----------
    rubric : Rubric or NetworkRubric
        Valid.

    Returns
    -------
    mapping of str to sequence of Gate
        By claim or stage, lowest first; each includes those before it.
    """
    return rubric.claims if isinstance(rubric, Rubric) else rubric.stages


def gate_in_words(gate: Gate, scale: Scale) -> str:
    """Return what a gate asks for.

    Parameters
    ----------
    gate : Gate
        Of the rubric.
    scale : Scale
        The rubric.

    Returns
    -------
    str
        Without the sentence that says why.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> rubric = load_rubric()
    >>> gate_in_words(rubric.claims["mature_in_vitro"][2], rubric)
    'AP peak above 0 mV'
    """
    if gate.any_of:
        parts = [gate_in_words(inner, scale) + (" (decides)" if inner.decisive else "") for inner in gate.any_of]
        return "one of: " + "; ".join(parts)
    name = _target(gate.target, scale)
    held = ", asked of cells only that a current held off rest" if gate.only_if_held else ""
    if gate.measured:
        return f"{name} measured{held}"
    if gate.one_of:
        return f"{name} {' or '.join(gate.one_of)}{held}"
    unit = "" if gate.unit in {"", "1"} else f" {gate.unit}"
    words = f"at least {gate.at_least:g}" if gate.at_least is not None else f"above {gate.above:g}"
    least = f", from {gate.minimum} features or more" if gate.minimum else ""
    return f"{name} {words}{unit}{least}{held}"


def _target(target: str, scale: Scale) -> str:
    if target == EVERY_DOMAIN:
        return "each domain that counts"
    if target.startswith("domain:"):
        return f"domain {scale.domains[target.removeprefix('domain:')].label}"
    return scale.criteria[target].label


def rubric_lines(rubric: AnyRubric, width: int) -> list[str]:
    """Return what a terminal shows of a rubric.

    Parameters
    ----------
    rubric : Rubric or NetworkRubric
        Valid.
    width : int
        Columns to use.

    Returns
    -------
    list of str
        Without line ends, none longer than `width` but for what cannot be broken.
    """
    lines = [
        f"{rubric.name}, version {rubric.version}, for a {rubric.level} ({rubric.sha256[:12]})",
        *_wrap(rubric.title, width),
        *_wrap(rubric.note, width),
        *_wrap(f"{founded(rubric)}. {_LEGEND}", width),
    ]
    for name, domain in rubric.domains.items():
        weight = f"weight {domain.weight:g}" if domain.weight else "reported apart"
        least = f", a stage needs {domain.minimum} or more of it" if domain.minimum else ""
        lines += ["", f"{one_line(domain.label)}: {weight}{least}"]
        lines += _table([c for c in rubric.criteria.values() if c.domain == name], width)
    identity = [c for c in rubric.criteria.values() if c.role is Role.IDENTITY]
    if identity and isinstance(rubric, Rubric):
        lines += ["", f"identity, apart from maturity: {rubric.identity_minimum} or more of"]
        lines += _table(identity, width)
    kind = "claim" if isinstance(rubric, Rubric) else "stage"
    for name, gates in gates_of(rubric).items():
        lines += ["", f"{kind} {name.replace('_', ' ')} needs"]
        for gate in gates:
            why = f" ({gate.needs})" if gate.needs else ""
            lines += _wrap(f"{gate_in_words(gate, rubric)}{why}{_cited(_keys(gate))}", width, "  - ")
    lines += ["", "sources"]
    for key, reference in rubric.references.items():
        lines += _wrap(f"[{key}] {reference.citation}. {reference.link}", width, "  ")
    return lines


def _table(criteria: Sequence[Criterion], width: int) -> Iterator[str]:
    """Yield one line per criterion, and its sources on the next where they do not fit."""
    if not criteria:
        return
    first = max(len(c.feature) for c in criteria)
    for criterion in criteria:
        role = _ROLES[criterion.role]
        if criterion.role is Role.STAND_IN:
            role = f"{role} {criterion.stands_in_for}"
        cuts = (
            "" if criterion.role is Role.REPORTED and cuts_in_words(criterion) == "no cut" else cuts_in_words(criterion)
        )
        parts = "; ".join(part for part in (cuts, role, criterion.basis.value) if part)
        keys = list(dict.fromkeys(key for keys in criterion.source.values() for key in keys))
        head = f"  {criterion.feature:<{first}}  "
        body = _wrap(f"{parts}{_cited(keys)}", width, head, " " * len(head))
        yield from body


def _keys(gate: Gate) -> list[str]:
    return list(dict.fromkeys([*gate.source, *(key for inner in gate.any_of for key in inner.source)]))


def _cited(keys: Sequence[str]) -> str:
    return f" [{', '.join(keys)}]" if keys else ""


def _wrap(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    following = " " * len(first) if rest is None else rest
    return textwrap.wrap(
        one_line(text),
        width,
        initial_indent=first,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )


def rubric_json(rubric: AnyRubric) -> dict[str, Any]:
    """Return a rubric as JSON wants it.

    Parameters
    ----------
    rubric : Rubric or NetworkRubric
        Valid.

    Returns
    -------
    dict
        What `rubric_lines` shows, without words for numbers.
    """
    return {
        **rubric.identification,
        "level": rubric.level,
        "title": rubric.title,
        "note": rubric.note,
        "founded": founded(rubric),
        "domains": {
            domain.name: {"label": domain.label, "weight": domain.weight, "minimum": domain.minimum}
            for domain in rubric.domains.values()
        },
        "criteria": [_criterion_json(criterion) for criterion in rubric.criteria.values()],
        "gates": {
            name: [{"asks": gate_in_words(gate, rubric), "why": gate.needs, "source": _keys(gate)} for gate in gates]
            for name, gates in gates_of(rubric).items()
        },
        "references": {
            key: {"citation": reference.citation, "link": reference.link}
            for key, reference in rubric.references.items()
        },
    }


def _criterion_json(criterion: Criterion) -> dict[str, Any]:
    return {
        "feature": criterion.feature,
        "label": criterion.label,
        "domain": criterion.domain,
        "role": criterion.role.value,
        "unit": criterion.unit,
        **{cut: getattr(criterion, cut) for cut in (*_CUTS, "low", "high")},
        "categories": dict(criterion.categories),
        "stands_in_for": criterion.stands_in_for,
        "basis": criterion.basis.value,
        "source": {cut: list(keys) for cut, keys in criterion.source.items()},
        "note": criterion.note,
    }
