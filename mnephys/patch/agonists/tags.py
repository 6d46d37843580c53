"""What the tags of a recording say was applied."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mnephys.wording import one_line

__all__ = ["AGONISTS", "Role", "Tag", "read_tags"]

AGONISTS = ("glutamate", "kainate", "gaba", "glycine")
"""The agonists whose responses are measured."""

_SPELLINGS = {
    "glutamate": "glutamate",
    "glutamic": "glutamate",
    "glu": "glutamate",
    "kainate": "kainate",
    "kainic": "kainate",
    "gaba": "gaba",
    "glycine": "glycine",
    "gly": "glycine",
}
_TETRODOTOXIN = frozenset({"ttx", "tetrodotoxin"})
# Of receptors and channels: with one of these an agonist's response is another one.
_OTHER_DRUGS = frozenset(
    {
        *("cnqx", "dnqx", "nbqx", "gyki", "ap5", "apv", "dap5", "dapv", "mk801", "kynurenate", "kynurenic", "cpp"),
        *("bicuculline", "gabazine", "sr95531", "picrotoxin", "ptx", "strychnine", "cyclothiazide", "ctz"),
        *("ampa", "nmda", "muscimol", "acetylcholine", "ach", "carbachol", "serotonin", "taurine", "quisqualate"),
        *("antagonist", "antagonists", "blocker", "blockers", "inhibitor", "inhibitors"),
    }
)
_END = frozenset({"wash", "washout", "washed", "washing", "off", "stop", "end", "removed"})
# What the bath holds all the time ends an application only where nothing is named beside it.
_BATH = frozenset({"control", "baseline", "acsf", "ringer", "saline"})
_NOT_YET = frozenset({"before", "pre", "prior", "no", "without", "prepare", "next"})
_WORD = re.compile(r"[a-z0-9]+")
_WASH_IN = re.compile(r"\bwash(?:ing|ed)?[\s-]*(?:in|on)\b")
_LONGEST = 60


class Role(StrEnum):
    """What a tag marks."""

    AGONIST = "agonist"
    TETRODOTOXIN = "tetrodotoxin"
    MIXTURE = "mixture"
    END = "end"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag.

    Parameters
    ----------
    time : float
        In s after the start of the recording.
    text : str
        As it was written, on one line, shortened.
    role : Role
        What it marks; `MIXTURE` where it names more than one agonist, or an agonist or tetrodotoxin with
        another drug.
    agents : tuple of str
        The agonists that it names.
    """

    time: float
    text: str
    role: Role
    agents: tuple[str, ...] = ()

    @property
    def applies(self) -> bool:
        """Whether something was applied, so that the cell may respond."""
        return self.role not in {Role.END, Role.OTHER}


def read_tags(tags: Sequence[tuple[float, str]]) -> list[Tag]:
    """Return what tags mark, in order of time.

    Parameters
    ----------
    tags : sequence of (float, str)
        Time in s and text.

    Returns
    -------
    list of Tag
        Without those whose time is no number.

    Examples
    --------
    >>> [(tag.role.value, *tag.agents) for tag in read_tags([(1.0, "100 uM Glu"), (9.0, "wash"), (2.0, "GABA + TTX")])]
    [('agonist', 'glutamate'), ('agonist', 'gaba'), ('end',)]
    >>> [tag.role.value for tag in read_tags([(1.0, "glutamate + CNQX"), (2.0, "gabazine"), (3.0, "1 uM TTX")])]
    ['mixture', 'other', 'tetrodotoxin']
    """
    found = [_read(float(time), one_line(text)) for time, text in tags if math.isfinite(time)]
    return sorted(found, key=lambda tag: tag.time)


def _read(time: float, text: str) -> Tag:
    plain = _WASH_IN.sub(" ", unicodedata.normalize("NFKC", text).lower())
    words = set(_WORD.findall(plain))
    agents = tuple(dict.fromkeys(agent for word, agent in _SPELLINGS.items() if word in words))
    shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    return Tag(time, shown, _role(words, agents), agents)


def _role(words: set[str], agents: tuple[str, ...]) -> Role:
    if words & _END:
        return Role.END
    if words & _NOT_YET:
        return Role.OTHER
    if agents:
        return Role.MIXTURE if len(agents) > 1 or words & _OTHER_DRUGS else Role.AGONIST
    if words & _TETRODOTOXIN:
        return Role.MIXTURE if words & _OTHER_DRUGS else Role.TETRODOTOXIN
    return Role.END if words & _BATH else Role.OTHER
