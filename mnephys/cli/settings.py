"""``mnephys settings``."""

from __future__ import annotations

import click


@click.command(name="settings")
@click.argument("kind", type=click.Choice(["detection", "quality"]))
def command(kind: str) -> None:
    """Print the settings that are built in, with what each means: a file to copy and change.

    `mnephys settings detection > detection.toml` for `--detection`: how spikes are detected in the raw voltage of
    plates. `mnephys settings quality > quality.toml` for `--quality`: when a sweep or a cell is excluded.
    """
    click.echo(_text(kind), nl=False)


def _text(kind: str) -> str:
    if kind == "detection":
        from mnephys.mea.detection.stated import template

        return template()
    from importlib import resources

    from mnephys.patch.limits import BUILT_IN

    return (resources.files("mnephys.patch") / BUILT_IN).read_text(encoding="utf-8")
