"""``mnephys report``."""

from __future__ import annotations

from pathlib import Path

import click

from mnephys.cli.common import PATH, WRONG_USAGE, fail, is_missing


@click.command(name="report")
@click.argument("folder", metavar="DIR", type=PATH)
def command(folder: Path) -> None:
    """Make the page of an earlier run again, from what it kept in DIR; no recording is read."""
    from mnephys import report
    from mnephys.batch.run import load_run
    from mnephys.batch.store import STORE_NAME, Store

    if is_missing(folder / STORE_NAME):
        raise fail(f"{folder}: holds no results; run `mnephys score ... -o {folder}` first", WRONG_USAGE)
    with Store.existing(folder) as store:
        document = load_run(store)
        if not document:
            raise fail(f"{folder}: the run was stopped before its end; run the same command again")
        report.write(document, folder / "report.html")
    click.echo(folder / "report.html")
