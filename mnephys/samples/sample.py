"""What is known about one recording beside the file itself."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields

from mnephys.samples.protocols import protocol_key, stimulus_name
from mnephys.samples.text import shown

__all__ = ["FACTS", "Sample", "Value", "known", "parse_value", "well_key"]

#: What a field holds once it is known.
Value = str | float | bool

_NUMBERS = frozenset(
    {"div", "day_of_differentiation", "dose", "temperature_c", "ljp_mv", "rs_mohm", "rseal_mohm", "bias_pa"}
)
_FLAGS = frozenset({"plated", "ljp_subtracted"})
_TEXTS = {"protocol": stimulus_name, "derivation_protocol": protocol_key}
_POSITIVE = frozenset({"rs_mohm", "rseal_mohm"})
_WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_WELL = re.compile("([A-Za-z]{1,2})0*([1-9][0-9]*)")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Sample:
    """One recording and what was done to it; empty text and None mean unknown, never zero or no.

    Parameters
    ----------
    recording : str
        POSIX path below the inputs' common root.
    plate, well, cell : str
        What was recorded; recordings of one cell share its name.
    line, donor, differentiation : str
        Cell line, donor of the line, and differentiation batch: the unit of replication.
    div : float, optional
        Days in vitro after the last plating.
    day_of_differentiation : float, optional
        Days since the differentiation began.
    plated : bool, optional
        Whether there are cells in the well.
    treatment : str
        What was added.
    dose : float, optional
        In `dose_unit`.
    dose_unit : str
        For example ``"uM"``.
    control : str
        What marks a control, or names the control that this is compared with.
    temperature_c : float, optional
        Temperature of the bath in degC.
    internal_solution, external_solution : str
        Pipette and bath solution; where they list their substances in mM, as in ``K-gluconate 130, KCl 4, HEPES 10``,
        the junction potential can be computed.
    ljp_mv : float, optional
        Liquid junction potential in mV, positive where the true voltage is below the one recorded.
    ljp_subtracted : bool, optional
        Whether it is already subtracted from the voltages.
    rs_mohm, rseal_mohm : float, optional
        Series and seal resistance in MOhm.
    bias_pa : float, optional
        Current in pA injected all the time; 0 means that the baseline is the resting potential.
    protocol : str
        Name of the stimulus protocol.
    derivation_protocol : str
        Key of the protocol by which the motor neurons were derived, as `mnephys protocols` lists them.

    Raises
    ------
    ValueError
        If a number is not finite, a resistance is not positive, or there is no derivation protocol of that key.

    Examples
    --------
    >>> Sample("day14/c1.abf", cell="c1", ljp_mv=15.0, ljp_subtracted=False).facts()
    {'cell': 'c1', 'ljp_mv': 15.0, 'ljp_subtracted': False}
    """

    recording: str
    plate: str = ""
    well: str = ""
    cell: str = ""
    line: str = ""
    donor: str = ""
    differentiation: str = ""
    div: float | None = None
    day_of_differentiation: float | None = None
    plated: bool | None = None
    treatment: str = ""
    dose: float | None = None
    dose_unit: str = ""
    control: str = ""
    temperature_c: float | None = None
    internal_solution: str = ""
    external_solution: str = ""
    ljp_mv: float | None = None
    ljp_subtracted: bool | None = None
    rs_mohm: float | None = None
    rseal_mohm: float | None = None
    bias_pa: float | None = None
    protocol: str = ""
    derivation_protocol: str = ""

    def __post_init__(self) -> None:
        if self.derivation_protocol:
            object.__setattr__(self, "derivation_protocol", protocol_key(self.derivation_protocol))
        for name in _NUMBERS:
            if (number := getattr(self, name)) is not None:
                _check_number(name, number)

    def facts(self) -> dict[str, Value]:
        """Return what is known, by field, without the recording's name.

        Returns
        -------
        dict of str to str, float or bool
            In the order of the fields.
        """
        return {name: value for name in FACTS if known(value := getattr(self, name))}


#: The fields of a sample that a sheet or a name can state.
FACTS = tuple(item.name for item in fields(Sample) if item.name != "recording")


def known(value: Value | None) -> bool:
    """Return whether a field holds anything; 0 and no are values.

    Parameters
    ----------
    value : str, float, bool or None
        Of a field.

    Returns
    -------
    bool
        False for None and empty text.

    Examples
    --------
    >>> known(0.0), known(False), known("")
    (True, True, False)
    """
    return value is not None and value != ""


def well_key(well: str) -> str:
    """Return what is the same for all spellings of a well: A1, a1 and A01.

    Parameters
    ----------
    well : str
        As somebody wrote it.

    Returns
    -------
    str
        For comparison; a name of another kind is returned as it is.

    Examples
    --------
    >>> well_key("a01"), well_key("A10"), well_key("slice 2")
    ('A1', 'A10', 'slice 2')
    """
    parts = _WELL.fullmatch(well)
    return well if parts is None else parts[1].upper() + parts[2]


def parse_value(field: str, text: str, *, decimal_mark: str = ".") -> Value:
    """Read the text of one field.

    Parameters
    ----------
    field : str
        One of `FACTS`.
    text : str
        Not empty.
    decimal_mark : str
        ``","`` where a comma may stand for the decimal point, which is understood all the same.

    Returns
    -------
    str, float or bool
        As the field wants it.

    Raises
    ------
    ValueError
        If it cannot be read; the message says what to write instead.

    Examples
    --------
    >>> parse_value("ljp_mv", "15,5", decimal_mark=","), parse_value("plated", "Yes"), parse_value("cell", "07")
    (15.5, True, '07')
    """
    if field in _FLAGS:
        if (flag := _WORDS.get(text.strip().lower())) is None:
            raise ValueError(f"{shown(text)} is neither yes nor no; write yes or no, or leave it empty if unknown")
        return flag
    if field in _TEXTS:
        return _TEXTS[field](text)
    if field not in _NUMBERS:
        return text
    plain = text.strip().replace("\N{MINUS SIGN}", "-").replace(decimal_mark, ".")
    if not _NUMBER.fullmatch(plain):
        raise ValueError(
            f"{shown(text)} is not a number; write it like 12.5 without a unit, or leave it empty if unknown"
        )
    number = float(plain)
    _check_number(field, number)
    return number


def _check_number(name: str, number: float) -> None:
    if not math.isfinite(number):
        raise ValueError(f"{name} is {number}; give a finite number, or leave it out if unknown")
    if name in _POSITIVE and number <= 0:
        raise ValueError(f"{name} is {shown(number)}, not positive; give MOhm above 0, or leave it out if unknown")
