"""The report: one self-contained HTML page, made from run records alone.

The page asks nothing of any server: style, script and figures are inside, and a content security policy forbids
the rest. Every label is escaped. The same run gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mnephys import atomic

__all__ = ["render", "write"]

_TEMPLATES = Path(__file__).parent / "templates"


def render(run: Mapping[str, Any]) -> str:
    """Return the page of a run.

    Parameters
    ----------
    run : mapping
        A run record with the keys `version, scores, evidence, failures, rubrics, notes, quality, plate_quality,
        samples`; plain data, as JSON gives it, all of it optional. `evidence` may be any mapping: its records are asked
        for by name, one at a time.

    Returns
    -------
    str
        An HTML document.

    Examples
    --------
    >>> html = render({"version": "0.1.0", "failures": [{"recording": "<b>.abf", "error": "is empty"}]})
    >>> "No cell could be scored" in html, "<b>.abf" in html
    (True, False)
    """
    return "".join(_parts(run))


def write(run: Mapping[str, Any], path: str | Path) -> None:
    """Write the page of a run, whole or not at all, holding the pictures of one cell or plate at a time.

    Parameters
    ----------
    run : mapping
        As `render` takes it.
    path : str or Path
        The HTML file; its folder has to exist.

    Raises
    ------
    StoreError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write({"version": "0.1.0"}, Path(folder, "report.html"))
    ...     Path(folder, "report.html").read_text(encoding="utf-8")[:15]
    '<!doctype html>'
    """
    with atomic.open_text(path) as file:
        for part in _parts(run):
            file.write(part)


def _parts(run: Mapping[str, Any]) -> Iterator[str]:
    """Yield the page in its order; a cell or plate is drawn when its turn comes."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from mnephys.report.view import page

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (_TEMPLATES / "page.js").read_text(encoding="utf-8")
    # What holds for every page, then for plates: rules for the dark and for paper have to come last in each.
    style = "".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.css", "plates.css"))
    return environment.get_template("page.html.j2").generate(
        page(run),
        style=Markup(style),  # noqa: S704 -- a file of this package
        script=Markup(script),  # noqa: S704 -- a file of this package
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _hash(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode("ascii")
