"""Words of the page: stages, claims, statuses, and sources with their links."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from mnephys.plot import labels

__all__ = [
    "BASES",
    "CLAIMS",
    "DOMAINS",
    "IDENTITIES",
    "SIMULATED",
    "STAGES",
    "STATUSES",
    "counted",
    "linked",
    "missing",
    "reasons",
    "size",
    "stage_of",
    "verdict",
]

STAGES = {
    "mature": "mature",
    "intermediate": "intermediate",
    "immature": "immature",
    "organised": "organised network",
    "emerging": "emerging network",
    "absent": "no network activity",
    "indeterminate": "indeterminate",
}
"""Stages of cells and networks in words, in the order in which they are counted."""

CLAIMS = {
    "none": "no claim",
    "excitable": "excitable",
    "functional": "functional",
    "mature_in_vitro": "mature in vitro",
}
DOMAINS = {
    "action_potential": "action potential",
    "ap": "action potential",
    "currents": "voltage-gated currents",
    "passive": "passive properties",
    "synaptic": "synaptic input",
}
STATUSES = {
    "ok": "measured",
    "excluded": "excluded",
    "not_applicable": "does not apply",
    "too_few_events": "too few events",
    "out_of_range": "not plausible",
    "bad_input": "unusable input",
    "failed": "failed",
}
BASES = {
    "seen": "read in the source itself",
    "secondary": "read in a source that cites it",
    "proxy": "taken from another cell type",
}

IDENTITIES = {
    "consistent": "consistent with a motor neuron",
    "not distinctive": "not distinctive",
    "not assessed": "not assessed",
}

SIMULATED = "made by mnephys to show and test the program. No biological evidence."

_PROXIES = "(proxies)."
_SCORE = re.compile(r"(?<=domain scores )\d\.\d{3,}")
_DOI = re.compile(r"10\.\d{4,9}/[^\s;,<>\"'|]+")


def counted(n: int, noun: str) -> str:
    """Return a count with its noun.

    Parameters
    ----------
    n : int
        How many.
    noun : str
        In the singular.

    Returns
    -------
    str
        With a plural s where it needs one.

    Examples
    --------
    >>> counted(1, "cell"), counted(3, "cell")
    ('1 cell', '3 cells')
    """
    return f"{n} {noun}{'s' * (n != 1)}"


def verdict(scores: Sequence[Mapping[str, Any]]) -> str:
    """Return the result of a run in one sentence.

    Parameters
    ----------
    scores : sequence of mapping
        Score records.

    Returns
    -------
    str
        How many subjects are of which stage; a count does not break from its word.

    Examples
    --------
    >>> verdict([{"level": "cell", "stage": "mature"}, {"stage": "immature"}]).replace("\N{NO-BREAK SPACE}", " ")
    '2 cells: 1 mature, 1 immature.'
    >>> verdict([])
    'No cell could be scored.'
    """
    if not scores:
        return "No cell could be scored."
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for score in scores:
        groups.setdefault(labels.plain(score.get("level") or "cell"), []).append(score)
    return " ".join(_of_level(level, group) for level, group in groups.items())


def stage_of(score: Mapping[str, Any]) -> str:
    """Return the key of a score's stage.

    Parameters
    ----------
    score : mapping
        A score record.

    Returns
    -------
    str
        One of `STAGES`; ``indeterminate`` where the record has none.

    Examples
    --------
    >>> stage_of({"stage": None, "network_stage": "emerging"})
    'emerging'
    """
    stage = score.get("stage") or score.get("network_stage") or "indeterminate"
    return stage if stage in STAGES else "indeterminate"


def reasons(score: Mapping[str, Any]) -> list[str]:
    """Return the reasons of a score as the page prints them.

    Parameters
    ----------
    score : mapping
        A score record.

    Returns
    -------
    list of str
        Without the count of proxies, which the page gives once for all cells; scores of domains have two digits.

    Examples
    --------
    >>> reasons({"reasons": ["The passive domain scores 0.481; 0.5 is asked for.", "8 of 8 are others (proxies)."]})
    ['The passive domain scores 0.48; 0.5 is asked for.']
    """
    told = [labels.prose(reason) for reason in score.get("reasons") or ()]
    scores = [domain.get("score") for domain in (score.get("domains") or {}).values()]
    exact = [float(value) for value in scores if isinstance(value, (int, float))]
    return [_two_digits(reason, exact) for reason in told if not reason.endswith(_PROXIES)]


def _two_digits(reason: str, exact: Sequence[float]) -> str:
    """Round the score of a domain as the table of domains does, unless it would then read as what it falls short of."""

    def rounded(match: re.Match[str]) -> str:
        printed = float(match[0])
        # The exact score, because a number that is rounded twice may end one digit beside the table.
        text = f"{next((score for score in exact if abs(score - printed) < 6e-4), printed):.2f}"
        others = re.findall(r"\d+(?:\.\d+)?", reason[: match.start()] + reason[match.end() :])
        return match[0] if float(text) in map(float, others) else text

    return _SCORE.sub(rounded, reason)


def missing(row: Mapping[str, Any]) -> str:
    """Return what stands in place of a value that is not there.

    Parameters
    ----------
    row : mapping
        A criterion of a score record.

    Returns
    -------
    str
        A block of firing that was looked for and not found was not seen; all else was not measured.

    Examples
    --------
    >>> missing({"feature": "depolarization_block_current", "reason": "no block up to 84 pA"}), missing({})
    ('not seen', 'not measured')
    """
    looked_for = row.get("feature") == "depolarization_block_current" and str(row.get("reason")).startswith("no block")
    return "not seen" if looked_for else "not measured"


def _of_level(level: str, scores: Iterable[Mapping[str, Any]]) -> str:
    stages = Counter(map(stage_of, scores))
    words = ", ".join(f"{stages[stage]}\N{NO-BREAK SPACE}{STAGES[stage]}" for stage in STAGES if stages[stage])
    return f"{counted(stages.total(), level)}: {words}."


def linked(source: str) -> Markup:
    """Return a source with its DOIs as links.

    Parameters
    ----------
    source : str
        One or more DOIs, or words.

    Returns
    -------
    markupsafe.Markup
        Everything but the links is escaped.

    Examples
    --------
    >>> print(linked("10.5555/a.1"))
    <a href="https://doi.org/10.5555/a.1" rel="noreferrer">10.5555/a.1</a>
    >>> print(linked("<b>"))
    &lt;b&gt;
    """
    text, done, parts = labels.plain(source), 0, []
    for match in _DOI.finditer(text):
        doi = match[0].rstrip(".:")
        while doi.endswith(")") and doi.count(")") > doi.count("("):
            doi = doi[:-1].rstrip(".:")
        address = "https://doi.org/" + doi.replace("%", "%25").replace("#", "%23").replace("?", "%3F")
        parts += [escape(text[done : match.start()]), _anchor(address, doi)]
        done = match.start() + len(doi)
    return Markup().join([*parts, escape(text[done:])])


def _anchor(address: str, words: str) -> Markup:
    return Markup('<a href="{}" rel="noreferrer">{}</a>').format(address, words)


def size(n_bytes: float) -> str:
    """Return the size of a file.

    Parameters
    ----------
    n_bytes : float
        In bytes.

    Returns
    -------
    str
        In kB or MB of 1000.

    Examples
    --------
    >>> size(5_281_280).replace("\N{NO-BREAK SPACE}", " ")
    '5.28 MB'
    """
    symbol, factor = next(
        (s, f) for s, f in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1)) if n_bytes >= f or f == 1
    )
    return labels.quantity(n_bytes / factor, symbol)
