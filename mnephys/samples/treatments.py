"""Which treatments are none, and which are only what drugs are dissolved in."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["is_untreated", "is_vehicle", "vehicle_of"]

_NOTHING = frozenset({"control", "ctrl", "none", "untreated"})
_VEHICLES = frozenset({"vehicle", "dmso", "water", "h2o", "pbs", "medium", "media", "saline", "acsf", "hbss"})
_SAME = {"h2o": "water", "media": "medium"}
# What others are diluted in: of "DMSO in medium" DMSO is the vehicle.
_DILUENTS = frozenset({"water", "medium"})
# What stands beside those words without adding a drug: "DMSO only", "0.1 % DMSO (v/v) in medium", "1x PBS".
_BESIDE = frozenset({"alone", "and", "in", "only", "plus", "v", "well", "wells", "with"})
_BREAKS = re.compile(r"[\W_]+")
_AMOUNT = re.compile("[0-9]+x?")


def is_untreated(treatment: str, dose: float | None = None) -> bool:
    """Return whether nothing was added to a well that could change what it does.

    Parameters
    ----------
    treatment : str
        As somebody wrote it.
    dose : float, optional
        In any unit; None or NaN where none is stated.

    Returns
    -------
    bool
        True of no treatment, of a mere vehicle at any dose, and of anything at a dose of 0.

    Examples
    --------
    >>> [is_untreated(text) for text in ("", "Untreated", "0.1% DMSO", "CNQX", "CNQX in DMSO")]
    [True, True, True, False, False]
    >>> is_untreated("CNQX", 0.0), is_untreated("DMSO", 0.1)
    (True, True)
    """
    words = _words(treatment)
    return dose == 0 or not words or _is_made_of(words, _NOTHING | _VEHICLES)


def is_vehicle(treatment: str, dose: float | None = None) -> bool:
    """Return whether a well was given what the drugs of others are dissolved in, and no drug.

    Parameters
    ----------
    treatment : str
        As somebody wrote it.
    dose : float, optional
        In any unit; None or NaN where none is stated.

    Returns
    -------
    bool
        True of a vehicle, and of a drug at a dose of 0; False of wells to which nothing was added.

    Examples
    --------
    >>> is_vehicle("vehicle control"), is_vehicle("CNQX", 0.0), is_vehicle("untreated"), is_vehicle("", 0.0)
    (True, True, False, False)
    """
    words = _words(treatment)
    named = _is_made_of(words, _NOTHING | _VEHICLES)
    return bool(words & _VEHICLES) if named else dose == 0 and bool(words)


def vehicle_of(treatment: str) -> str:
    """Return which vehicle a treatment names, the same for all its spellings and amounts.

    Parameters
    ----------
    treatment : str
        As somebody wrote it.

    Returns
    -------
    str
        Empty where it names none, or a drug beside it.

    Examples
    --------
    >>> [vehicle_of(text) for text in ("0.1% DMSO", "dmso in medium", "H2O", "vehicle", "CNQX in DMSO")]
    ['dmso', 'dmso', 'water', '', '']
    """
    words = _words(treatment)
    if not _is_made_of(words, _NOTHING | _VEHICLES):
        return ""
    named = {_SAME.get(word, word) for word in (words & _VEHICLES) - {"vehicle"}}
    return " ".join(sorted(named - _DILUENTS or named))


def _words(treatment: str) -> frozenset[str]:
    text = unicodedata.normalize("NFKC", treatment).casefold()
    return frozenset(_BREAKS.split(text)) - {""}


def _is_made_of(words: frozenset[str], kinds: frozenset[str]) -> bool:
    rest = {word for word in words - kinds - _BESIDE if not _AMOUNT.fullmatch(word)}
    return bool(words & kinds) and not rest
