"""``mnephys protocols``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import click

from mnephys.cli.common import WRONG_USAGE, emit_json, fail, json_option

if TYPE_CHECKING:
    from mnephys.maturity.derivation import Derivation, Derivations, Known, Reached, Said, Shown

_WIDTH = 100
_ABSENT = "-"
_HEADS = ("protocol", "cells", "motor neurons", "function", "purity", "evidence")
_LEGEND = (
    "Motor neurons by their markers, function by the authors' own words: by which day of differentiation, or of what "
    "is named. Evidence is on the ladder below. Marks: ? remembered and not checked, nothing is judged by it; "
    "* second-hand; - not found. All else was read in the source. "
    "`mnephys protocols KEY` shows all that is known of one."
)
_ZEROS = {
    "differentiation": "",
    "plating": " of culture",
    "patterning": " after RA",
    "gene delivery": " after genes",
    "co-culture": " co-culture",
    "not said": "",
}


@click.command(name="protocols")
@click.argument("key", required=False)
@json_option
def command(key: str | None, as_json: bool) -> None:
    """List the protocols by which motor neurons have been derived; with KEY show one, and how each value is known.

    Name one in the column derivation_protocol of a sample sheet, and each score is read against it: by which day its
    authors report motor neurons that work, and what they showed. It never changes a score.

    \b
    Examples:
      mnephys protocols
      mnephys protocols du2015
    """  # noqa: D301 -- click knows a paragraph to leave as it is by the backspace character itself
    from mnephys.maturity.parse_derivation import load_derivations

    known = load_derivations()
    if key is None:
        if as_json:
            emit_json(known.to_json())
        else:
            click.echo("\n".join(_table(known)))
        return
    protocol = _chosen(known, key)
    if as_json:
        emit_json(protocol.to_json())
    else:
        click.echo("\n".join(_details(protocol, known)))


def _chosen(known: Derivations, key: str) -> Derivation:
    from mnephys.samples.protocols import protocol_key

    try:
        return known.protocols[protocol_key(key)]
    except ValueError as error:
        raise fail(str(error), WRONG_USAGE) from error


def _table(known: Derivations) -> Iterator[str]:
    """Yield one line per protocol, and below them what the columns mean."""
    rows = [_HEADS, *(_row(protocol) for protocol in known.protocols.values())]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADS))]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    yield from _wrapped(_LEGEND)
    yield ""
    for rung, words in known.ladder.items():
        yield f"{rung}  {words}"
    yield ""
    yield from _wrapped(known.statement)


def _row(protocol: Derivation) -> tuple[str, ...]:
    evidence = " ".join(_runs(protocol.evidence)) or _ABSENT
    days = (_day(protocol.motor_neurons), _day(protocol.function))
    return protocol.key, _brief(protocol.cells), *days, _brief(protocol.purity), evidence


def _runs(evidence: Sequence[Shown]) -> Iterator[str]:
    """Yield the rungs, those that follow one another and are known alike as one: E1-4."""
    # What stays the same along a run is the rung less its place in it.
    numbered = [(int(item.rung[1:]) - place, item) for place, item in enumerate(evidence)]
    for (_, mark), run in groupby(numbered, key=lambda pair: (pair[0], _mark(pair[1].known))):
        _, items = zip(*run, strict=True)
        last = f"-{items[-1].rung[1:]}" if len(items) > 1 else ""
        yield f"{items[0].rung}{last}{mark}"


def _brief(said: Said) -> str:
    return f"{said.value}{_mark(said.known)}" if said.value else _ABSENT


def _day(reached: Reached) -> str:
    if reached.day is None and not reached.words:
        return _ABSENT
    when = reached.words if reached.day is None else f"day {reached.day:g}"
    zero = "" if reached.day is None else _ZEROS[reached.zero]
    return f"{when}{zero}{_mark(reached.known)}"


def _mark(known: Known) -> str:
    return {"memory": "?", "secondary": "*"}.get(known, "")


def _details(protocol: Derivation, known: Derivations) -> Iterator[str]:
    """Yield every value of a protocol, and how it is known."""
    yield f"{protocol.name} ({protocol.key}), {protocol.published}"
    yield ""
    yield from _entry("published in", protocol.reference.value, protocol.reference)
    yield from _entry("DOI", protocol.doi.value, protocol.doi)
    for name in ("species", "cells", "route", "motor_neurons", "function", "purity", "markers"):
        value: Said | Reached = getattr(protocol, name)
        yield from _entry(name.replace("_", " "), _full(value), value)
    for item in protocol.evidence:
        about = f" ({item.what})" if item.what else ""
        yield from _entry(f"evidence {item.rung}", f"{known.ladder[item.rung]}{about}", item)
    if not protocol.evidence:
        yield from _wrapped("none on the ladder was read", "evidence")
    if protocol.note:
        yield from _wrapped(protocol.note, "note")
    yield ""
    yield from _wrapped(known.statement)


def _full(value: Said | Reached) -> str:
    from mnephys.maturity.derivation import DayZero, Said

    if isinstance(value, Said):
        return f"{value.value} ({value.what})" if value.what else value.value
    zero = "day zero not said" if value.zero is DayZero.NOT_SAID else f"counted from {value.zero}"
    if value.day is None:
        return f"{value.words}, {zero}"
    return f"by day {value.day:g}, {zero}" + (f" ({value.words})" if value.words else "")


def _entry(label: str, text: str, value: Said | Reached | Shown) -> Iterator[str]:
    from mnephys.maturity.derivation import Known

    place = f": {value.place}" if value.place else ""
    words = "not found" if value.known is Known.NOT_FOUND else f"{text} [{value.known}{place}]"
    return _wrapped(words, label)


def _wrapped(text: str, label: str = "") -> Iterator[str]:
    """Yield text in lines that fit a terminal, what follows the label below one another."""
    import textwrap

    indent = " " * 15 if label else ""
    first = f"{label:<15}" if label else ""
    yield from textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=indent)
