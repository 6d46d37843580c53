"""``mnephys demo``."""

from __future__ import annotations

from pathlib import Path

import click

from mnephys.cli.common import emit_json, fail, json_option, warn
from mnephys.cli.score import score_paths
from mnephys.cli.text import score_lines


@click.command(name="demo")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    default="mnephys-demo",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where recordings and results go.",
)
@json_option
def command(output: Path, as_json: bool) -> None:
    """Simulate cells and a plate in real formats, score them, write the report.

    Needs no data and no network. DIR/recordings gets simulated cells (ABF files) and a plate on four days (spike
    lists) with their ground truth and a sample sheet, DIR gets the results that `mnephys score` writes.
    """
    from mnephys.simulate.demo import SHEET, simulate_demo

    recordings = output / "recordings"
    if not (recordings / SHEET).is_file():
        if recordings.exists() and any(recordings.iterdir()):
            raise fail(f"{recordings}: holds files of others; choose another folder with -o")
        warn("Simulating motor neurons at five stages, and a plate on four days ...")
        simulate_demo(recordings)
    result = score_paths([recordings], output, samples=recordings / SHEET)
    if as_json:
        emit_json(result.scores)
    else:
        click.echo("\n".join(score_lines(result.scores)))
    warn("All of these cells and wells are simulated: they show the program, no biology.")
    warn(f"Open this page in a browser: {(output / 'report.html').absolute()}")
