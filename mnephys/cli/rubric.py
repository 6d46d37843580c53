"""``mnephys rubric``."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnephys.cli.common import PATH, WRONG_USAGE, emit_json, fail, is_missing, json_option, warn
from mnephys.cli.text import printable

if TYPE_CHECKING:
    from mnephys.maturity.rubric_text import AnyRubric

_NARROW, _WIDE = 72, 120
_NAME = "spinal_motor_neuron"


@click.group(name="rubric")
def command() -> None:
    """Show, check and compare rubrics: the files that say what counts as mature.

    Copy one with `mnephys rubric show NAME --toml > mine.toml`, change it, check it, see what it changes, and
    score with `--rubric mine.toml`: every score carries name, version and SHA-256 of its rubric.
    """


@command.command(name="list")
@json_option
def list_rubrics(as_json: bool) -> None:
    """List the built-in rubrics, and how well founded each is."""
    from mnephys.maturity.rubric_text import founded

    rubrics = _built_in()
    if as_json:
        documents = [
            {**r.identification, "level": r.level, "title": r.title, "founded": founded(r)} for r in rubrics.values()
        ]
        emit_json(documents)
        return
    for name, rubric in rubrics.items():
        click.echo(f"{name}  {rubric.level}  version {rubric.version}  {rubric.sha256[:12]}")
        for line in (rubric.title, founded(rubric)):
            click.echo("\n".join(textwrap.wrap(line, _width(), initial_indent="  ", subsequent_indent="  ")))


@command.command(name="show")
@click.argument("rubric", metavar="[NAME-OR-FILE]", required=False, type=PATH)
@click.option("--toml", "as_toml", is_flag=True, help="Print the file itself, to copy and change.")
@json_option
def show(rubric: Path | None, as_toml: bool, as_json: bool) -> None:
    """Show domains, weights, cuts, gates and sources of a rubric; that for spinal motor neurons if none is named.

    \b
    Examples:
      mnephys rubric show network
      mnephys rubric show brainstem_motor_neuron --toml > mine.toml
    """  # noqa: D301 -- click knows a paragraph to leave as it is by the backspace character itself
    from mnephys.maturity.parse_scale import rubric_bytes
    from mnephys.maturity.rubric_set import load_any
    from mnephys.maturity.rubric_text import rubric_json, rubric_lines

    chosen = Path(_NAME) if rubric is None else rubric
    found = load_any(chosen)
    if as_toml:
        # It was read as UTF-8 a moment ago, so that this cannot fail.
        click.echo(rubric_bytes(chosen, "")[0].decode(), nl=False)
    elif as_json:
        emit_json(rubric_json(found))
    else:
        click.echo("\n".join(map(printable, rubric_lines(found, _width()))))


@command.command(name="check")
@click.argument("rubric", metavar="NAME-OR-FILE", type=PATH)
@json_option
def check(rubric: Path, as_json: bool) -> None:
    """Check a rubric: what is wrong ends with exit code 2 and names line and key, what looks wrong is a warning."""
    from mnephys.maturity.parse_scale import parse_toml, rubric_bytes
    from mnephys.maturity.rubric_check import rubric_warnings
    from mnephys.pipeline.rubrics import load_any_rubric, measured_features

    found = load_any_rubric(rubric)
    top, _ = parse_toml(*rubric_bytes(rubric, ""))
    warnings = rubric_warnings(top, found, measured_features(), _built_in().values())
    if as_json:
        emit_json({**found.identification, "level": found.level, "valid": True, "warnings": warnings})
        return
    for line in warnings:
        warn(f"Warning: {line}")
    click.echo(
        f"{printable(found.name)}, version {printable(found.version)}, is a valid rubric for a {found.level} "
        f"({found.sha256[:12]})."
    )


@command.command(name="compare")
@click.argument("first", metavar="A", type=PATH)
@click.argument("second", metavar="B", type=PATH)
@click.argument("results", metavar="[DIR]", required=False, type=PATH)
@json_option
def compare(first: Path, second: Path, results: Path | None, as_json: bool) -> None:
    """Show what differs between two rubrics (names or files), A on the left and B on the right.

    With DIR, the folder of an earlier `mnephys score -o DIR`, also which subjects get another stage or index by B than
    by A. They are scored again from what was measured; no recording is read, nothing in DIR is changed.

    \b
    Examples:
      mnephys rubric compare spinal_motor_neuron mine.toml
      mnephys rubric compare network mine.toml results
    """  # noqa: D301 -- click knows a paragraph to leave as it is by the backspace character itself
    from mnephys.maturity.rubric_compare import changed_scores, differences
    from mnephys.pipeline.rubrics import load_any_rubric

    one, other = load_any_rubric(first), load_any_rubric(second)
    lines = differences(one, other)
    scored = None if results is None else [_again(results, rubric) for rubric in (one, other)]
    changed = None if scored is None else changed_scores(*scored)
    if as_json:
        document: dict[str, Any] = {"a": one.identification, "b": other.identification, "differences": lines}
        scores = {} if scored is None else {"subjects": len(scored[0]), "changed": changed}
        emit_json({**document, **scores})
        return
    heads = [f"{name}: {r.name}, version {r.version} ({r.sha256[:12]})" for name, r in (("A", one), ("B", other))]
    shown = [*heads, *(lines or ["Nothing that could change a score differs."])]
    if scored is not None:
        shown += _changed_lines(changed or [], len(scored[0]))
    for line in shown:
        click.echo("\n".join(textwrap.wrap(printable(line), _width(), subsequent_indent="  ", break_on_hyphens=False)))


@command.command(name="schema")
def schema() -> None:
    """Print the JSON Schema of rubrics (draft 2020-12), for editors that check TOML while you type."""
    from importlib import resources

    file = resources.files("mnephys.maturity") / "rubrics" / "rubric.schema.json"
    click.echo(file.read_text(encoding="utf-8"), nl=False)


def _built_in() -> dict[str, AnyRubric]:
    from mnephys.maturity.parse_scale import rubric_names
    from mnephys.maturity.rubric_set import load_any

    return {name: load_any(name) for name in rubric_names()}


def _width() -> int:
    return min(_WIDE, max(_NARROW, shutil.get_terminal_size().columns))


def _again(folder: Path, rubric: AnyRubric) -> list[dict[str, Any]]:
    """Return the scores of an earlier run by another rubric."""
    from mnephys.batch.rescore import score_again
    from mnephys.batch.run import load_run
    from mnephys.batch.store import STORE_NAME, Store

    if is_missing(folder / STORE_NAME):
        raise fail(f"{folder}: holds no results; run `mnephys score ... -o {folder}` first", WRONG_USAGE)
    with Store.existing(folder) as store:
        document = load_run(store)
        if not document:
            raise fail(f"{folder}: the run was stopped before its end; run the same command again")
        scores = score_again(store, document, rubric)
    if not scores:
        raise fail(f"{folder}: holds no {rubric.level}s, which {rubric.name} is for", WRONG_USAGE)
    return scores


def _changed_lines(changed: list[dict[str, Any]], total: int) -> list[str]:
    """Return one line per score that differs, and how many do."""
    stages = sum(change["stage"][0] != change["stage"][1] for change in changed)
    lines = [f"Of {total} scores {stages} get another stage and {len(changed)} another stage or index:"]
    for change in sorted(changed, key=lambda change: change["stage"][0] == change["stage"][1]):
        where = f" ({change['recording']})" if change["level"] != "cell" and change["recording"] else ""
        one, other = (str(stage or "no stage") for stage in change["stage"])
        stage = one if one == other else f"{one} -> {other}"
        lines.append(f"  {change['subject']}{where}: {stage}, {_index_words(*change['index'])}")
    return lines if changed else [f"Of {total} scores none changes."]


def _index_words(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        one, other = ("none" if index is None else f"{index:.2f}" for index in (before, after))
        return "no index" if one == other else f"index {one} -> {other}"
    if before == after:
        return f"index {before:.2f}"
    return f"index {before:.2f} -> {after:.2f} ({after - before:+.3f})"
