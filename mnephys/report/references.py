"""The numbered list of sources: each stands once on the page, however many cells cite it."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

from mnephys.plot import labels
from mnephys.report.text import linked

__all__ = ["References"]

# A citation may hold a semicolon; a cut begins with its name.
_CUTS = re.compile(r"; (?=\w+: )")
_CITATION = re.compile(r"(?P<words>.+?) \((?P<link>10\.\d{4,9}/\S+|https?://\S+?)\)(?:, |$)")


class References:
    """Collects sources while the page is made.

    Examples
    --------
    >>> references = References()
    >>> print(references.cite("mature: Leroy et al. 2014, eLife (10.7554/eLife.04046)"))
    mature <a href="#ref-1" title="Leroy et al. 2014, eLife">1</a>
    >>> references.entries()[0]["words"]
    'Leroy et al. 2014, eLife'
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}

    def cite(self, source: object) -> Markup:
        """Return the source of a criterion in short, and remember it.

        Parameters
        ----------
        source : object
            ``cut: citation (link), citation (link); cut: ...``, or anything else.

        Returns
        -------
        markupsafe.Markup
            Cuts with numbers that link to the list; what has another form is shown as it is, DOIs as links.
        """
        text = labels.plain(source)
        parts = [self._part(part) for part in _CUTS.split(text)] if text else []
        return Markup("; ").join(parts)

    def entries(self) -> list[dict[str, Any]]:
        """Return the list.

        Returns
        -------
        list of dict
            `number`, `words` and `link` of each, in the order of their first citation.
        """
        return [
            {"number": number, "words": labels.prose(words), "link": linked(link)}
            for (words, link), number in self._numbers.items()
        ]

    def _part(self, part: str) -> Markup:
        cut, colon, rest = part.partition(": ")
        found = list(_CITATION.finditer(rest))
        if not (colon and found and sum(len(match[0]) for match in found) == len(rest)):
            return linked(part)
        numbers = Markup(", ").join(self._number(match["words"], match["link"]) for match in found)
        return Markup("{} {}").format(escape(cut), numbers)

    def _number(self, words: str, link: str) -> Markup:
        number = self._numbers.setdefault((words, link), len(self._numbers) + 1)
        return Markup('<a href="#ref-{0}" title="{1}">{0}</a>').format(number, words)
