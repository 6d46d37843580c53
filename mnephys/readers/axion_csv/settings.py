"""What the vendor's CSV exports say beside their numbers: settings, the plate, its wells, how long it was recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mnephys.readers.axion_csv.cells import Row, filled, number
from mnephys.recording import LAYOUTS, SIMULATED_COMMENT, PlateLayout, layout_named
from mnephys.wording import one_line

__all__ = [
    "Settings",
    "dose_of",
    "plate_layout",
    "quantity",
    "read_settings",
    "seconds",
    "section_run",
    "treatment_facts",
    "well_facts",
]

# The first lines of every export; the others belong to the section above them.
_OF_THE_RECORDING = frozenset({"investigator", "experiment id", "recording name", "description"})
_COMMENTS = ("description", "experiment id", "recording name")
_PLATES = ("file type", "plate type", "barcode plate type")
_SIZES = {"six": 6, "twelve": 12, "twentyfour": 24, "fortyeight": 48, "ninetysix": 96}
# What all readers say of wells that are switched on, and of controls.
_YES_NO = {"true": "yes", "false": "no"}
_FACTS = {
    "treatment": "treatment",
    "control": "control",
    "active": "active",
    "additional information": "note",
}
_CLOCK = re.compile(
    r"(?:(\d{1,4})\s*d)?\s*(?:(\d{1,6})\s*h)?\s*(?:(\d{1,6})\s*m(?:in)?(?!s))?\s*"
    r"(?:(\d{1,9}(?:[.,]\d{1,9})?)\s*s)?\s*(?:(\d{1,9})\s*ms)?"
)
_IN_SECONDS = (86400.0, 3600.0, 60.0, 1.0, 0.001)
_QUANTITY = re.compile(r"([-+]?\d{1,15}(?:[.,]\d{1,15})?(?:[eE][-+]?\d{1,3})?)\s*(.*)")
_BRACKETED = re.compile(r"(.*\S)\s*\[([^\[\]]*)\]")
_MICRO = str.maketrans({"\N{MICRO SIGN}": "u", "\N{GREEK SMALL LETTER MU}": "u"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings by section.

    Parameters
    ----------
    sections : mapping of str to mapping
        Key and value as the file has them, within the heading above them; under no heading, within ``""``.
    """

    sections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def find(self, key: str, *, section: str = "") -> str:
        """Return the last value under a key, empty where there is none.

        Parameters
        ----------
        key : str
            In any case.
        section : str
            A part of the heading; every section if empty.

        Returns
        -------
        str
            The last, because what processed the file last wrote its own settings below those of the recording.

        Examples
        --------
        >>> settings = Settings({"Maestro Settings": {"AxIS Version": "2.0"}, "AxIS Playback": {"AxIS Version": "3.6"}})
        >>> settings.find("axis version"), settings.find("AxIS Version", section="maestro"), settings.find("Barcode")
        ('3.6', '2.0', '')
        """
        wanted, heading = key.lower(), section.lower()
        found = [
            value
            for name, entries in self.sections.items()
            if heading in name.lower()
            for entry, value in entries.items()
            if entry.lower() == wanted
        ]
        return found[-1] if found else ""

    @property
    def comment(self) -> str:
        """What the experimenter wrote of the recording, or that it was simulated."""
        texts = [text for key in _COMMENTS if (text := self.find(key))]
        return SIMULATED_COMMENT if any(SIMULATED_COMMENT in text for text in texts) else next(iter(texts), "")

    @property
    def version(self) -> str:
        """The version of the program that exported, empty where it is not said."""
        return self.find("AxIS Version")

    def metadata(self) -> dict[str, Any]:
        """Return what `metadata` of a recording holds.

        Returns
        -------
        dict
            ``settings`` by section, and ``comment`` and ``sampling_rate`` (Hz) where the file says them.
        """
        found: dict[str, Any] = {"settings": {name: dict(entries) for name, entries in self.sections.items()}}
        rate, unit = quantity(self.find("Sampling Frequency"))
        if rate is not None and (factor := {"hz": 1.0, "khz": 1000.0}.get(unit.lower())):
            found["sampling_rate"] = rate * factor
        return found | ({"comment": self.comment} if self.comment else {})


def read_settings(rows: Iterable[Sequence[str]]) -> Settings:
    """Return the settings of a panel.

    Parameters
    ----------
    rows : iterable of sequence of str
        Key and value of each; a key without a value is a heading, and an empty row ends its section.

    Returns
    -------
    Settings
        Without empty sections.

    Examples
    --------
    >>> read_settings([["Investigator", "Ann"], ["Detector", ""], ["   Threshold", "6"], ["", ""], ["Source", "a.raw"]])
    Settings(sections={'': {'Investigator': 'Ann', 'Source': 'a.raw'}, 'Detector': {'Threshold': '6'}})
    """
    sections: dict[str, dict[str, str]] = {}
    heading = ""
    for cells in rows:
        key, value = (*(one_line(cell) for cell in cells[:2]), "", "")[:2]
        if not key:
            heading = ""
            continue
        # Some exports write key and value into one cell.
        if not value and ": " in key:
            key, _, value = key.partition(": ")
        key = key.rstrip(":")
        own = key.lower() in _OF_THE_RECORDING
        if value:
            sections.setdefault("" if own else heading, {})[key] = value
        elif not own:
            heading = key
    return Settings(sections)


def seconds(text: str) -> float | None:
    """Return a time of day or a length in s.

    Parameters
    ----------
    text : str
        Such as ``18m2s``.

    Returns
    -------
    float or None
        None where it is none.

    Examples
    --------
    >>> seconds("18m2s"), seconds("1h0m30s"), seconds("57.5s"), seconds("soon"), seconds("")
    (1082.0, 3630.0, 57.5, None, None)
    """
    found = _CLOCK.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return None
    parts = zip(found.groups(), _IN_SECONDS, strict=True)
    return sum(float(part.replace(",", ".")) * factor for part, factor in parts if part)


def section_run(settings: Settings) -> tuple[float, float] | None:
    """Return from when to when a recording was processed.

    Parameters
    ----------
    settings : Settings
        Of the export.

    Returns
    -------
    tuple of float, or None
        Start and stop in s; None where the file does not say it, or where it cannot be.

    Examples
    --------
    >>> section_run(Settings({"": {"Actual File Section Run": "2m0s to 12m0s"}}))
    (120.0, 720.0)
    """
    start, stop = (seconds(text) for text in (*settings.find("Actual File Section Run").split(" to "), "", "")[:2])
    return None if start is None or stop is None or not start < stop else (start, stop)


def quantity(text: str, decimal: str = ".") -> tuple[float | None, str]:
    """Return the number at the beginning of a text, and what follows it.

    Parameters
    ----------
    text : str
        Such as ``100 ms``.
    decimal : str
        The decimal sign.

    Returns
    -------
    value : float or None
        None where the text begins with no number.
    unit : str
        With ``u`` for either micro sign.

    Examples
    --------
    >>> quantity("100 ms"), quantity("1 µM"), quantity("5 spikes/minute"), quantity("none")
    ((100.0, 'ms'), (1.0, 'uM'), (5.0, 'spikes/minute'), (None, 'none'))
    """
    plain = one_line(text).translate(_MICRO)
    found = _QUANTITY.fullmatch(plain)
    value = None if found is None else number(found[1], decimal)
    return (None, plain) if found is None or value is None else (value, found[2])


def dose_of(text: str) -> dict[str, str]:
    """Return dose and unit of a concentration.

    Parameters
    ----------
    text : str
        As the export has it.

    Returns
    -------
    dict
        ``dose`` and ``dose_unit``, only what is said.

    Examples
    --------
    >>> dose_of("100 nM"), dose_of("10 µM"), dose_of("high"), dose_of(" ")
    ({'dose': '100', 'dose_unit': 'nM'}, {'dose': '10', 'dose_unit': 'uM'}, {'dose': 'high'}, {})
    """
    plain = one_line(text).translate(_MICRO)
    found = _QUANTITY.fullmatch(plain)
    facts = {"dose": plain} if found is None else {"dose": found[1], "dose_unit": found[2]}
    return {key: value for key, value in facts.items() if value}


def treatment_facts(text: str) -> dict[str, str]:
    """Return treatment and dose that stand in one cell.

    Parameters
    ----------
    text : str
        As the row ``Treatment/ID`` has it.

    Returns
    -------
    dict
        ``treatment``, and ``dose`` and ``dose_unit`` where they stand in brackets behind it.

    Examples
    --------
    >>> treatment_facts("CNQX [10 µM]"), treatment_facts("Batch 1")
    ({'treatment': 'CNQX', 'dose': '10', 'dose_unit': 'uM'}, {'treatment': 'Batch 1'})
    """
    plain = one_line(text)
    found = _BRACKETED.fullmatch(plain)
    if found is not None and quantity(found[2])[0] is not None:
        return {"treatment": found[1], **dose_of(found[2])}
    return {"treatment": plain} if plain else {}


def well_facts(rows: Iterable[Row], layout: PlateLayout) -> dict[str, dict[str, str]]:
    """Return what the block of well information says.

    Parameters
    ----------
    rows : iterable of Row
        From its heading on; what follows the block is not looked at.
    layout : PlateLayout
        The kind of plate.

    Returns
    -------
    dict of str to dict
        Of each well what is not empty: ``treatment``, ``dose``, ``dose_unit``, ``control``, ``active``, ``note``.
    """
    facts: dict[str, dict[str, str]] = {}
    wells: list[str] = []
    for row in rows:
        key, cells = row.label.strip().lower(), [one_line(cell) for cell in row.cells[1:]]
        if key == "well":
            wells = cells[: filled(cells)]
        elif wells and key not in {*_FACTS, "concentration", "well coloring"}:
            break
        for well, cell in zip(wells, cells, strict=False):
            if cell and layout.place(well) is not None:
                said = dose_of(cell) if key == "concentration" else {_FACTS[key]: cell} if key in _FACTS else {}
                said = {fact: _YES_NO.get(text.lower(), text) for fact, text in said.items()}
                facts.setdefault(well, {}).update(said)
    return {well: said for well, said in facts.items() if said}


def plate_layout(settings: Settings) -> tuple[PlateLayout | None, str]:
    """Return the kind of plate that the settings name.

    Parameters
    ----------
    settings : Settings
        Of the export.

    Returns
    -------
    layout : PlateLayout or None
        None where none is named that is known.
    named : str
        The text that names one, for a message.

    Examples
    --------
    >>> plate_layout(Settings({"Maestro Settings": {"Plate Type": "CytoView MEA 24"}}))[0].name
    '24-well'
    """
    named = ""
    for text in filter(None, map(settings.find, _PLATES)):
        named = named or text
        words = re.fullmatch(r"([a-z]+)well", text.lower().replace("-", "").replace(" ", ""))
        sizes = {int(size) for size in re.findall(r"(?<![\w.])\d{1,2}(?![\w.])", text)}
        if words is not None and words[1] in _SIZES:
            sizes = {_SIZES[words[1]]}
        known = [LAYOUTS[f"{size}-well"] for size in sizes if f"{size}-well" in LAYOUTS]
        layout = layout_named(text) or (known[0] if len(known) == 1 else None)
        if layout is not None:
            return layout, text
    return None, named
