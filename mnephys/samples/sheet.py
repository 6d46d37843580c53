"""The sample sheet: what it says about each recording, and which of its rows match none."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnephys.samples.content import read_content
from mnephys.samples.matching import Rule, file_name, make_rules, one_form, settle
from mnephys.samples.plate_map import sheet_table
from mnephys.samples.rows import Row, read_rows
from mnephys.samples.sample import FACTS, Sample, well_key
from mnephys.samples.table import read_table
from mnephys.samples.text import listed, shown
from mnephys.wording import one_line

__all__ = ["SampleSheet", "load_sheet"]


@dataclass(frozen=True, slots=True, repr=False)
class SampleSheet:
    """What a sheet states about recordings.

    A row is about the recording whose path below the root, or whose file name, is the text of its
    first column; or about all that it matches as a glob with ``*``, ``?`` and ``[]``. A glob with a
    ``/`` is compared with the path, where ``*`` also spans folders, any other with the file name.
    For each field the most specific row that states it wins: exact path, exact file name, glob with
    more literal characters, glob with fewer.

    Rows of one pattern that describe different wells are a plate map: each is about its well only.

    Parameters
    ----------
    path : str
        As the user named it.
    sha256 : str
        Of its bytes, hexadecimal.
    rows : tuple of Row
        In sheet order.
    named_by : str
        The column that says which recordings a row is about, as the user named it.
    notes : tuple of str
        What the user should know of how the file was read, one sentence each.

    Raises
    ------
    SampleSheetError
        If two equally specific rows about the same contradict each other.

    Examples
    --------
    >>> sheet = SampleSheet("s.csv", "", (Row(2, "*", {"line": "WT"}), Row(3, "c1_*.abf", {"cell": "c1"})))
    >>> sheet
    SampleSheet: 2 rows, s.csv
    >>> sheet.sample("day14/c1_steps.abf").facts()
    {'cell': 'c1', 'line': 'WT'}
    """

    path: str
    sha256: str
    rows: tuple[Row, ...]
    named_by: str = "recording"
    notes: tuple[str, ...] = ()
    _rules: dict[str, Rule] = field(init=False, compare=False)
    _globs: tuple[Rule, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        rules = make_rules(self.rows, self.path)
        values: dict[str, Any] = {
            "_rules": rules,
            "_globs": tuple(rule for rule in rules.values() if rule.expression is not None),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"SampleSheet: {len(self.rows)} row{'s' * (len(self.rows) != 1)}, {one_line(self.path)}"

    def sample(self, name: str, *, well: str = "") -> Sample:
        """Return what the sheet states about a recording or about one of its wells.

        Parameters
        ----------
        name : str
            POSIX path of the recording below the inputs' common root.
        well : str, optional
            A well of the plate that was recorded; A1, a1 and A01 are the same.

        Returns
        -------
        Sample
            Unknown in all that no row states. Without `well`, rows of a plate map count only
            where another row says which well the recording is from.

        Raises
        ------
        SampleSheetError
            If equally specific rows with different patterns contradict each other.

        Examples
        --------
        >>> rows = (Row(2, "*", {"div": 5.0}), Row(3, "*", {"well": "A1", "line": "WT"}))
        >>> sheet = SampleSheet("s.csv", "", (*rows, Row(4, "*", {"well": "A2", "line": "KO"})))
        >>> sheet.sample("DIV05.csv").facts()
        {'div': 5.0}
        >>> sheet.sample("DIV05.csv", well="A2").facts()
        {'well': 'A2', 'line': 'KO', 'div': 5.0}
        """
        about = self._about(one_form(name))
        wanted = well_key(well)
        plain = [(rank, row) for rank, row, mapped in about if not mapped and (not well or row.well in {"", wanted})]
        home = wanted or well_key(str(settle(plain, ["well"], self.path, name).get("well", "")))
        ranked = plain + [(rank, row) for rank, row, mapped in about if mapped and row.well in {"", home}]
        facts: dict[str, Any] = settle(ranked, FACTS, self.path, name)
        return Sample(name, **(facts | ({"well": well} if well else {})))

    def rows_about(self, name: str) -> list[Row]:
        """Return the rows that are about a recording or one of its wells.

        Parameters
        ----------
        name : str
            POSIX path of the recording below the inputs' common root.

        Returns
        -------
        list of Row
            Each once, in no particular order.

        Examples
        --------
        >>> [row.number for row in SampleSheet("s.csv", "", (Row(2, "*", {}), Row(3, "b.csv", {}))).rows_about("a.csv")]
        [2]
        """
        return [row for _, row, _ in self._about(one_form(name))]

    def problems(self, names: Sequence[str]) -> list[str]:
        """Return what does not fit between the sheet and the recordings that there are.

        Parameters
        ----------
        names : sequence of str
            POSIX paths of all recordings below the inputs' common root.

        Returns
        -------
        list of str
            The notes, and one sentence for each pattern that matches no recording, and for each
            bare file name that stands in several folders; in sheet order.

        Examples
        --------
        >>> SampleSheet("s.csv", "", (Row(2, "C1.abf", {}),)).problems(["c1.abf"])
        ["s.csv: row 2, column recording: 'C1.abf' matches no recording; the nearest is 'c1.abf'"]
        """
        known = _Names(names)
        found = list(self.notes)
        for rule in self._rules.values():
            namesakes = known.by_file.get(rule.pattern, [])
            if len(namesakes) > 1:
                text = f"is the file name of {listed(namesakes)}; write the folder too if only one is meant"
                found.append(self._sentence(rule, text))
            elif not known.match(rule):
                found.append(self._sentence(rule, f"matches no recording; {known.advice(rule.pattern)}"))
        return found

    def _about(self, name: str) -> list[tuple[tuple[int, int, int], Row, bool]]:
        """Return the rows about a recording, each with its rank and whether it is of a plate map."""
        last = file_name(name)
        exact = [rule for key in dict.fromkeys((name, last)) if (rule := self._rules.get(key))]
        globs = [rule for rule in self._globs if rule.is_glob_of(name, last)]
        rules = {rule.pattern: rule for rule in (*exact, *globs)}.values()
        ranked = [(rank, rule) for rule in rules if (rank := rule.rank(name)) is not None]
        # At the same rank, a row about one well says more than one about the whole plate.
        return [((*rank, int(row.well != "")), row, rule.is_plate_map) for rank, rule in ranked for row in rule.rows]

    def _sentence(self, rule: Rule, text: str) -> str:
        first, *others = rule.rows
        several = f" and {len(others)} more" if others else ""
        return one_line(
            f"{self.path}: row {first.number}{several}, column {self.named_by}: {shown(rule.pattern)} {text}"
        )


class _Names:
    """The recordings that there are, in the ways in which a sheet may name them."""

    def __init__(self, names: Sequence[str]) -> None:
        self.paths = list(dict.fromkeys(one_form(name) for name in names))
        self.by_path = set(self.paths)
        self.by_file: dict[str, list[str]] = {}
        self.similar: dict[str, str] = {}
        for path in self.paths:
            name = file_name(path)
            self.by_file.setdefault(name, []).append(path)
            for spelling in (name, name.rpartition(".")[0]):
                self.similar.setdefault(spelling.casefold(), path)

    def match(self, rule: Rule) -> bool:
        if rule.pattern in self.by_path or rule.pattern in self.by_file:
            return True
        if rule.expression is None:
            return False
        return any(rule.is_glob_of(path, last) for last, paths in self.by_file.items() for path in paths)

    def advice(self, pattern: str) -> str:
        if "\\" in pattern:
            return "write / between folders"
        if near := self.similar.get(file_name(pattern).casefold()):
            return f"the nearest is {shown(near)}"
        return "correct the name, or delete the row if its recording is not among these"


def load_sheet(path: str | Path) -> SampleSheet:
    r"""Read a sample sheet from CSV or Excel, whichever its content is.

    CSV is UTF-8 with commas, semicolons or tabs; with semicolons a decimal comma is understood.
    Of a workbook the first worksheet counts. The first row that is not blank names the columns:
    ``recording`` and any field of `Sample`; case, spaces and hyphens do not matter. Text is taken
    as it is, and an empty cell states nothing. A plate map, which has a column ``well`` and none
    that names recordings or cells, is read as `mnephys.samples.plate_map` says.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    SampleSheet
        Its rows, and the SHA-256 of its bytes.

    Raises
    ------
    MissingFileError
        If nothing is there.
    ReadError
        If it cannot be opened.
    SampleSheetError
        If a column or a cell cannot be understood, or rows contradict each other; the message names
        file, row and column.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name, "samples.csv")
    >>> _ = file.write_text("recording;LJP mV;ljp-subtracted\nc1_*.abf;15,5;no\n")
    >>> load_sheet(file).sample("c1_steps.abf").facts()
    {'ljp_mv': 15.5, 'ljp_subtracted': False}
    >>> folder.cleanup()
    """
    content = read_content(path)
    named = sheet_table(read_table(content, str(path)), str(path))
    rows = read_rows(named.table, str(path))
    return SampleSheet(str(path), hashlib.sha256(content).hexdigest(), rows, named.named_by, named.notes)
