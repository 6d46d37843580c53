"""How names, numbers and units are written for people: in figures, and on the page made of them."""

from __future__ import annotations

import math
import re

__all__ = ["category", "compact", "feature", "number", "plain", "prose", "quantity", "shorten", "unit"]

_MINUS = "\N{MINUS SIGN}"
_NBSP = "\N{NO-BREAK SPACE}"
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

_FEATURES = {
    "resting_membrane_potential": "resting membrane potential",
    "input_resistance_peak": "input resistance (peak)",
    "sag_ratio": "sag ratio",
    "fi_gain": "f\N{EN DASH}I gain",
    "max_firing_rate": "maximum firing rate",
    "max_sustained_rate": "maximum sustained rate",
    "first_spike_latency": "latency of first AP",
    "isi_cv": "CV of inter-spike intervals",
    "depolarization_block_current": "current of depolarisation block",
    "rebound_spike_count": "rebound APs",
    "abortive_spike_count": "abortive APs",
    "ap_max_upstroke": "AP maximum upstroke",
    "ap_max_downstroke": "AP maximum downstroke",
    "ap_half_width": "AP half-width",
    "upstroke_downstroke_ratio": "upstroke/downstroke ratio",
    "fast_ahp": "fast AHP",
    "medium_ahp": "medium AHP",
    "medium_ahp_decay_time": "medium AHP decay time",
    "after_depolarization": "after-depolarisation",
    "na_current_peak": "Na\N{SUPERSCRIPT PLUS SIGN} current, peak",
    "na_current_density": "Na\N{SUPERSCRIPT PLUS SIGN} current density",
    "na_reversal_potential": "Na\N{SUPERSCRIPT PLUS SIGN} reversal potential",
    "na_activation_half": "Na\N{SUPERSCRIPT PLUS SIGN} half-activation",
    "na_activation_slope": "Na\N{SUPERSCRIPT PLUS SIGN} activation slope",
    "k_current_sustained": "K\N{SUPERSCRIPT PLUS SIGN} current, sustained",
    "k_current_density": "K\N{SUPERSCRIPT PLUS SIGN} current density",
    "na_k_ratio": "Na\N{SUPERSCRIPT PLUS SIGN}/K\N{SUPERSCRIPT PLUS SIGN} ratio",
    "spike_frequency_adaptation": "spike-frequency adaptation",
    "persistent_inward_current_onset": "persistent inward current onset",
    "inter_burst_interval": "inter-burst interval",
    "inter_burst_interval_cv": "CV of inter-burst intervals",
    "network_inter_burst_interval": "inter-network-burst interval",
    "network_inter_burst_interval_cv": "CV of inter-network-burst intervals",
    "burst_percentage": "spikes in bursts",
    "network_burst_percentage": "spikes in network bursts",
    "network_burst_percentage_axis_2015": "spikes in network bursts, by axis-2015",
    "area_under_normalized_cross_correlation": "area under normalised cross-correlation",
    "area_under_cross_correlation": "area under cross-correlation",
    "spike_distance": "SPIKE distance",
    "sttc": "spike time tiling coefficient",
}
_WORDS = {"ap": "AP", "aps": "APs", "ahp": "AHP", "isi": "ISI", "cv": "CV", "spsc": "sPSC", "qc": "quality:"}
_UNITS = {"1": "", "MOhm": "M\N{GREEK CAPITAL LETTER OMEGA}", "kOhm": "k\N{GREEK CAPITAL LETTER OMEGA}"}
_UNITS |= {"GOhm": "G\N{GREEK CAPITAL LETTER OMEGA}", "Ohm": "\N{GREEK CAPITAL LETTER OMEGA}"}
_UNITS |= {"degC": "\N{DEGREE SIGN}C", "uV": "\N{MICRO SIGN}V", "us": "\N{MICRO SIGN}s"}
_CATEGORIES = {"none": "no AP", "single": "single AP", "phasic": "phasic (stops early)"}


def plain(text: object) -> str:
    r"""Return text from anywhere as one printable line.

    Parameters
    ----------
    text : object
        A label from a file, for example; control and direction-changing characters are dropped.

    Returns
    -------
    str
        Still to be escaped for the page it goes to.

    Examples
    --------
    >>> plain("cell\x00 7\n")
    'cell 7'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())


def shorten(text: str, length: int) -> str:
    """Return the text, or its beginning with an ellipsis where it is longer.

    Parameters
    ----------
    text : str
        One line.
    length : int
        Most characters of the result.

    Returns
    -------
    str
        Cut between words where there is a gap near the end.

    Examples
    --------
    >>> len(shorten("the step never reached the rheobase", 20)) <= 20
    True
    """
    if len(text) <= length:
        return text
    head = text[: length - 1]
    gap = head.rfind(" ")
    return (head[:gap] if gap > length // 2 else head).rstrip(" ,;:(") + _ELLIPSIS


def feature(name: str) -> str:
    """Return the name of a feature in words.

    Parameters
    ----------
    name : str
        In snake case.

    Returns
    -------
    str
        Short enough for the axis of a figure, without a capital unless it is one always.

    Examples
    --------
    >>> feature("ap_half_width"), feature("input_resistance")
    ('AP half-width', 'input resistance')
    """
    bare = plain(name)
    return _FEATURES.get(bare) or " ".join(_WORDS.get(word, word) for word in bare.split("_"))


def category(text: str) -> str:
    """Return a category in words.

    Parameters
    ----------
    text : str
        As it stands in the table.

    Returns
    -------
    str
        ``none``, which reads as a missing value, is spelled out.

    Examples
    --------
    >>> category("none"), category("delayed_onset")
    ('no AP', 'delayed onset')
    """
    bare = plain(text)
    return _CATEGORIES.get(bare, bare.replace("_", " "))


def unit(symbol: str) -> str:
    """Return a unit as it is printed.

    Parameters
    ----------
    symbol : str
        A unit of `mnephys.units`.

    Returns
    -------
    str
        Empty for a plain number.

    Examples
    --------
    >>> unit("degC"), unit("1"), unit("mV/ms")
    ('°C', '', 'mV/ms')
    """
    return _UNITS.get(symbol, shorten(plain(symbol), 16))


def number(value: float) -> str:
    r"""Return a measured number with three significant digits.

    Parameters
    ----------
    value : float
        Finite.

    Returns
    -------
    str
        With a true minus sign and no exponent between 0.0001 and 10 million.

    Raises
    ------
    ValueError
        If it is not finite: what was not measured has a reason instead.

    Examples
    --------
    >>> number(2.5), number(12), number(0.01234), number(1234.5), number(9.999)
    ('2.50', '12.0', '0.0123', '1234', '10.0')
    >>> number(-65.23) == "\N{MINUS SIGN}65.2"
    True
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be shown as a number")
    # Rounded first: 9.999 has one digit less behind the point than its logarithm says.
    size = abs(float(f"{value:.3g}"))
    if size == 0:
        text = "0"
    elif 1e-4 <= size < 1e7:
        text = f"{value:.{max(0, 2 - math.floor(math.log10(size)))}f}"
    else:
        mantissa, exponent = f"{value:.2e}".split("e")
        text = f"{mantissa}\N{MULTIPLICATION SIGN}10^{int(exponent)}"
    return text.replace("-", _MINUS)


def compact(value: float) -> str:
    """Return a number that somebody chose, such as a cut, as short as it was written.

    Parameters
    ----------
    value : float
        Any.

    Returns
    -------
    str
        With a true minus sign.

    Examples
    --------
    >>> compact(2.5), compact(1000.0)
    ('2.5', '1000')
    """
    # A zero has no sign, but a float has.
    return f"{value + 0.0:.6g}".replace("-", _MINUS)


def quantity(value: float, symbol: str) -> str:
    r"""Return a measured number with its unit.

    Parameters
    ----------
    value : float
        Finite.
    symbol : str
        A unit of `mnephys.units`.

    Returns
    -------
    str
        With a space that does not break between the two; counts have no decimals.

    Raises
    ------
    ValueError
        If the value is not finite.

    Examples
    --------
    >>> quantity(12.5, "mV").split("\N{NO-BREAK SPACE}"), quantity(3.0, "1")
    (['12.5', 'mV'], '3')
    """
    if symbol == "1" and value == round(value):
        return compact(value)
    return f"{number(value)}{_NBSP}{unit(symbol)}".rstrip(_NBSP)


def prose(text: object) -> str:
    r"""Return a sentence with true minus signs, printed units and features in words.

    Parameters
    ----------
    text : object
        A reason, a cut, a note.

    Returns
    -------
    str
        One line; hyphens inside words, dates and DOIs stay.

    Examples
    --------
    >>> prose("at most -55 mV") == "at most \N{MINUS SIGN}55 mV"
    True
    >>> prose("10.1038/s41598-021-88675-w"), prose("above 500 MOhm")
    ('10.1038/s41598-021-88675-w', 'above 500 MΩ')
    """
    text = re.sub(r"(?<![\w.])\d(?:\.\d+)?e[+-]\d+(?!\w)", _without_exponent, plain(text))
    signed = re.sub(r"(?<![\w.)/-])-(?=\.?\d)", _MINUS, text.replace("+-", "\N{PLUS-MINUS SIGN}"))
    named = re.sub(r"\b[a-z]+(?:_[a-z]+)+\b", lambda m: _FEATURES.get(m[0], m[0]), signed)
    return re.sub(r"\b([kMG]?)Ohm\b", "\\1\N{GREEK CAPITAL LETTER OMEGA}", named)


def _without_exponent(match: re.Match[str]) -> str:
    """Return a number such as 1.6e+02 with the digits it has: 160."""
    value = float(match[0])
    return f"{value:.12g}" if 1e-4 <= value < 1e7 else match[0]
