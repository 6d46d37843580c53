"""Tables of numbers: what each may be, what differs, and what is said of a number that cannot be meant."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mnephys.errors import LimitsError
from mnephys.patch import limit_tables


@dataclass(frozen=True)
class Table:
    name: str
    width: float = limit_tables.limit("ms", 0.5, 10.0)
    runs: float = limit_tables.limit("runs", 1.0, 5.0, whole=True)
    most: float | None = limit_tables.unset("pA", 0.0, 100.0)


def test_numbers_are_the_fields_with_a_range():
    assert list(limit_tables.numbers(Table)) == ["width", "runs", "most"]


@pytest.mark.parametrize("table", [Table("a", 0.5, 1), Table("a", 10, 5.0, 100.0), Table("a", 1, 1, 0.0)])
def test_both_ends_of_a_range_may_be_meant(table):
    limit_tables.check_all(table)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (Table("a", 0.4, 1), "width is 0.4; give it 0.5 to 10"),
        (Table("a", float("nan"), 1), "width is nan; give it 0.5 to 10"),
        (Table("a", None, 1), "width is None; give it a number"),
        (Table("a", 1, 1.5), "runs is 1.5; give it a whole number"),
        (Table("a", 1, 1, True), "most is True; give it a number"),
        (Table("a", 1, 1, 10**400), "give it 0 to 100"),
    ],
)
def test_a_number_that_cannot_be_meant_is_named(table, said):
    with pytest.raises(LimitsError, match=said):
        limit_tables.check_all(table)


def test_what_a_file_states_is_checked_and_named():
    assert limit_tables.stated(Table, {"runs": 3}, "x.toml:") == {"runs": 3.0}
    with pytest.raises(LimitsError, match=r"x\.toml: unknown key 'widht'; the nearest is 'width'"):
        limit_tables.stated(Table, {"widht": 3}, "x.toml:")


def test_differences_have_their_units():
    assert limit_tables.differences(Table("b", 2, 1, 5.0), Table("a", 1, 1)) == [
        "width 2 ms instead of 1 ms",
        "most 5 pA instead of none",
    ]


def test_a_file_is_short_text(tmp_path):
    with pytest.raises(LimitsError, match="cannot be read"):
        limit_tables.read_bytes(tmp_path / "none.toml")
    path = tmp_path / "long.toml"
    path.write_bytes(b"#" * 2_000_000)
    assert len(limit_tables.read_bytes(path)) == 1_000_001
    for data, said in ((limit_tables.read_bytes(path), "is longer"), (b"\xff", "not UTF-8"), (b"a =", "not valid")):
        with pytest.raises(LimitsError, match=said):
            limit_tables.parsed(data, "long.toml")
