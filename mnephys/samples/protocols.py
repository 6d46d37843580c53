"""The derivation protocols that a sample sheet can name; what is known of each stands with the maturity score."""

from __future__ import annotations

from mnephys.samples.text import shown
from mnephys.wording import nearest

__all__ = ["DERIVATION_PROTOCOLS", "protocol_key", "stimulus_name"]

#: Their keys, as `mnephys protocols` lists them.
DERIVATION_PROTOCOLS = (
    "wichterle2002",
    "miles2004",
    "li2005",
    "lee2007",
    "karumbayaram2009",
    "hu2009",
    "wada2009",
    "boulting2011",
    "hester2011",
    "patani2011",
    "son2011",
    "corti2012",
    "takazawa2012",
    "amoroso2013",
    "qu2014",
    "maury2015",
    "du2015",
    "shimojo2015",
    "toma2015",
    "bakooshli2019",
)


def protocol_key(text: str) -> str:
    """Return the key of a derivation protocol.

    Parameters
    ----------
    text : str
        As somebody wrote it; case and spaces do not matter.

    Returns
    -------
    str
        One of `DERIVATION_PROTOCOLS`.

    Raises
    ------
    ValueError
        If there is none of that name; the message gives the nearest.

    Examples
    --------
    >>> protocol_key("Du 2015")
    'du2015'
    >>> protocol_key("du2016")
    Traceback (most recent call last):
    ValueError: 'du2016' is no derivation protocol; the nearest is 'du2015'
    """
    key = "".join(text.lower().split())
    if key not in DERIVATION_PROTOCOLS:
        raise ValueError(f"{shown(text)} is no derivation protocol; {nearest(key, DERIVATION_PROTOCOLS)}")
    return key


def stimulus_name(text: str) -> str:
    """Return the name of a stimulus protocol.

    Parameters
    ----------
    text : str
        Any text but the key of a derivation protocol.

    Returns
    -------
    str
        The same.

    Raises
    ------
    ValueError
        If it is the key of a derivation protocol, which has its own column.

    Examples
    --------
    >>> stimulus_name("steps")
    'steps'
    """
    if text in DERIVATION_PROTOCOLS:
        raise ValueError(
            f"{shown(text)} is a derivation protocol, and this column is for the stimulus; use derivation_protocol"
        )
    return text
