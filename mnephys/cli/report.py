"""``mnephys report``."""

from __future__ import annotations

from pathlib import Path

import click

from mnephys.cli.common import WRONG_USAGE, fail


@click.command(name="report")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Make the page of an earlier run again, from what it kept in DIR; no recording is read."""
    from mnephys import report
    from mnephys.batch.run import load_run
    from mnephys.batch.store import STORE_NAME, Store
    from mnephys.errors import MnephysError

    if not (folder / STORE_NAME).exists():
        raise fail(f"{folder}: holds no results; run `mnephys score ... -o {folder}` first", WRONG_USAGE)
    try:
        with Store(folder) as store:
            document = load_run(store)
        if not document:
            raise fail(f"{folder}: the run was stopped before its end; run the same command again")
        report.write(document, folder / "report.html")
    except (MnephysError, OSError) as error:
        raise fail(str(error)) from error
    click.echo(folder / "report.html")
