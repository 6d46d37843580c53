"""The list of derivation protocols is complete, says of every value how it is known, and refuses what is not valid."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.errors import MnephysError, RubricError
from mnephys.maturity.derivation import DayZero, Known, Reached, Said
from mnephys.maturity.parse_derivation import load_derivations, parse_derivations
from mnephys.samples.protocols import DERIVATION_PROTOCOLS

TEXT = (resources.files("mnephys.maturity") / "protocols" / "derivation.toml").read_text(encoding="utf-8")
LIST = load_derivations()
# As the field cites them; key by key in the order of time.
CITED = {
    "Wichterle": 2002,
    "Miles": 2004,
    "Li": 2005,
    "Lee": 2007,
    "Karumbayaram": 2009,
    "Hu & Zhang": 2009,
    "Wada": 2009,
    "Boulting": 2011,
    "Hester": 2011,
    "Patani": 2011,
    "Son": 2011,
    "Corti": 2012,
    "Takazawa": 2012,
    "Amoroso": 2013,
    "Qu": 2014,
    "Maury": 2015,
    "Du": 2015,
    "Shimojo": 2015,
    "Toma": 2015,
    "Afshar Bakooshli": 2019,
}
# What the abstracts print, written down a second time.
ABSTRACTS = {
    "li2005": ("10.1038/nbt1063", None, None, "E7"),
    "wada2009": ("10.1371/journal.pone.0006722", 7, None, "E1 E2 E3 E4 E7"),
    "boulting2011": ("10.1038/nbt.1783", None, None, ""),
    "hester2011": ("10.1038/mt.2011.135", None, 11, ""),
    "takazawa2012": ("10.1371/journal.pone.0040154", None, 13, "E2 E3 E6"),
    "qu2014": ("10.1038/ncomms4449", 20, 20, ""),
    "du2015": ("10.1038/ncomms7626", 28, 28, ""),
    "shimojo2015": ("10.1186/s13041-015-0172-4", 14, None, "E7"),
    "toma2015": ("10.1523/JNEUROSCI.2126-14.2015", None, None, "E2 E3 E8"),
    "bakooshli2019": ("10.7554/eLife.44530", 20, 14, "E8"),
}


def values(protocol):
    """Return everything of a protocol that says how it is known."""
    fields = [getattr(protocol, name) for name in protocol.__slots__]
    return [v for v in fields if isinstance(v, (Said, Reached))] + list(protocol.evidence)


def test_the_list_is_complete_and_in_the_order_of_time():
    assert [(p.name.replace(" et al.", ""), p.year) for p in LIST.protocols.values()] == [
        (f"{name} {year}", year) for name, year in CITED.items()
    ]
    assert tuple(LIST.protocols) == DERIVATION_PROTOCOLS
    assert list(LIST.ladder) == [f"E{i}" for i in range(1, 9)]


def test_it_says_that_it_was_not_checked_against_the_review():
    assert "put together by this project" in LIST.statement
    assert "not checked against the table of the review" in LIST.statement
    after = {key for key, p in LIST.protocols.items() if p.published == "after the review"}
    assert after == {"maury2015", "du2015", "shimojo2015", "toma2015", "bakooshli2019"}


@pytest.mark.parametrize("key", DERIVATION_PROTOCOLS)
def test_every_value_says_how_it_is_known(key):
    protocol = LIST.protocols[key]
    for value in values(protocol):
        assert bool(value.place) is (value.known in {Known.SEEN, Known.SECONDARY})
    said = [v for v in values(protocol) if isinstance(v, Said)]
    assert all(bool(v.value) is (v.known is not Known.NOT_FOUND) for v in said)
    assert re.fullmatch(r"10\.\d{4}/\S+", protocol.doi.value)
    rungs = [item.rung for item in protocol.evidence]
    assert rungs == sorted(set(rungs) & set(LIST.ladder))


@pytest.mark.parametrize("key", ABSTRACTS)
def test_what_is_called_seen_is_what_the_abstracts_print(key):
    doi, cells, function, evidence = ABSTRACTS[key]
    protocol = LIST.protocols[key]
    assert (protocol.doi.value, protocol.doi.known) == (doi, Known.SEEN)
    seen = [r.day if r.known is Known.SEEN else None for r in (protocol.motor_neurons, protocol.function)]
    assert seen == [cells, function]
    assert " ".join(item.rung for item in protocol.evidence if item.known is Known.SEEN) == evidence


def test_what_nobody_read_is_not_called_seen():
    for key in ("wichterle2002", "lee2007", "hu2009"):
        assert {value.known for value in values(LIST.protocols[key])} <= {Known.MEMORY, Known.NOT_FOUND}
    assert LIST.protocols["hester2011"].function.zero is DayZero.GENE_DELIVERY
    assert LIST.protocols["takazawa2012"].function.zero is DayZero.PLATING


def test_json_holds_the_whole_file():
    written, file = LIST.to_json(), tomllib.loads(TEXT)
    assert (written["ladder"], written["review"]) == (file["ladder"], file["review"])
    for protocol in written["protocols"]:
        stated = file["protocols"][protocol.pop("key")]
        for name, value in protocol.items():
            if isinstance(value, dict):
                kept = {k: v for k, v in value.items() if v not in (None, "")}
                assert kept == {"from": "not said", **stated[name]} if "from" in kept else kept == stated[name]
            elif isinstance(value, list):
                kept = [{k: v for k, v in item.items() if v} for item in value]
                assert kept == stated.get(name, [])
            else:
                assert value == stated.get(name, "")


def changed(before: str, after: str, key: str = "du2015") -> bytes:
    """Return the file with one thing changed in one protocol."""
    head, mark, tail = TEXT.partition(f"[protocols.{key}]\n")
    assert before in tail
    return (head + mark + tail.replace(before, after, 1)).encode()


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("purity = { value", "purty = { value", r"\[protocols\.du2015\] unknown key 'purty'; the nearest is 'purity'"),
        (
            'known = "seen"',
            'known = "sene"',
            r"\[protocols\.du2015\.reference\] known is 'sene'; the nearest is 'seen'",
        ),
        (
            ', in = "abstract page"',
            "",
            r"\[protocols\.du2015\.reference\] known is 'seen' and in is missing; say in wh",
        ),
        ('known = "seen"', 'known = "memory"', r"reference\] known is 'memory' and in is given; leave it out"),
        ('value = "10.1038/ncomms7626"', 'value = "nature"', r"doi is 'nature', which is no DOI; write 10\.xxxx"),
        ("day = 28,", "day = -1,", r"\[protocols\.du2015\.motor_neurons\] day is -1; it needs to be 0 to 1000"),
        ("day = 28,", "day = nan,", r"motor_neurons\] day is nan; it needs to be a finite number"),
        ("day = 28,", "day = true,", r"motor_neurons\] day is True; it needs to be a finite number"),
        ('"differentiation"', '"diferentiation"', r"from is 'diferentiation'; the nearest is 'differentiation'"),
        (', from = "differentiation"', "", r"\[protocols\.du2015\.motor_neurons\] from is missing; give from a text"),
        (
            'day = 28, from = "differentiation", known',
            "known",
            r"\.function\] known is 'seen'; give day or words, or kn",
        ),
        ('markers = { known = "not found" }', "", r"markers is missing; write markers = { known = 'not found' }"),
        (
            '{ known = "not found" }',
            '{ value = "x", known = "not found" }',
            r"markers\] value is 'x', known 'not found'",
        ),
        ('value = "> 90 %", ', "", r"\[protocols\.du2015\.purity\] value is '', known 'seen'; give a value"),
        ('value = "> 90 %"', "value = 90", r"\[protocols\.du2015\.purity\] value is not a text; give value a text"),
        ("year = 2015", "year = 2016", r"\[protocols\.du2015\] year is 2016; its key says 2015; make them the same"),
        ("after the review", "before the review", r"published is 'before the review' in 2015; the review is of 2014"),
        ("after the review", "afterwards", r"published is 'afterwards'; (the nearest|known are)"),
        (
            "purity = ",
            "evidence = [{ rung = 'E9', known = 'memory' }]\npurity = ",
            r"evidence E9\] rung is 'E9'; known are E1, E2",
        ),
        (
            "purity = ",
            "evidence = [{ rung = 'E1', known = 'not found' }]\npurity = ",
            r"E1\] known is 'not found'; leave",
        ),
        (
            "purity = ",
            "evidence = [{ rung = 'E3', known = 'memory' }, { rung = 'E3', known = 'memory' }]\npurity = ",
            r"evidence E3\] rung E3 stands below E3; give each once",
        ),
        ("purity = ", "evidence = 'E1'\npurity = ", r"evidence is not a list of tables"),
        ("purity = ", "purity = 3 #", r"\[protocols\.du2015\.purity\] is not a table"),
    ],
)
def test_mistakes_are_named_with_file_and_key(before, after, message):
    with pytest.raises(RubricError, match=rf"^mine\.toml: .*{message}"):
        parse_derivations(changed(before, after), "mine.toml")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ladder|protocols"),
        (b"\xff", "is not UTF-8 text"),
        (b"[protocols", "is not valid TOML"),
        (b"title = 'x'\n" * 2, "is not valid TOML"),
        (b"#" * 1_000_001, "is longer than 1000000 bytes"),
        (TEXT.replace("[protocols.du2015]", "[protocols.Du]").encode(), r"\[protocols\] key 'Du' is no name and year"),
        (TEXT.replace("10.1186/scrt476", "the review").encode(), "review is 'the review', which is no DOI"),
        (TEXT.replace('E1 = "', 'E1 = 1 # "').encode(), r"\[ladder\] E1 is not a text"),
    ],
)
def test_files_that_are_something_else_are_refused(data, message):
    with pytest.raises(RubricError, match=message) as caught:
        parse_derivations(data, "mine.toml")
    assert str(caught.value).startswith("mine.toml: ")
    assert str(caught.value).isprintable()


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RubricError, match=r"none\.toml: cannot be read"):
        load_derivations(tmp_path / "none.toml")
    (tmp_path / "own.toml").write_text(TEXT, encoding="utf-8")
    assert load_derivations(tmp_path / "own.toml") == LIST


@given(st.integers(0, len(TEXT) - 1), st.sampled_from(['"', "]", "}", "\x00", "\n", "=", "0", "\u202e", ""]), st.data())
def test_damage_is_refused_or_harmless_and_never_anything_else(place, text, data):
    end = data.draw(st.integers(place, min(place + 40, len(TEXT))))
    try:
        found = parse_derivations((TEXT[:place] + text + TEXT[end:]).encode(), "mine.toml")
    except MnephysError as error:
        assert str(error).startswith("mine.toml: ")  # noqa: PT017 -- most damage is refused, some is a mere comment
    else:
        assert found.protocols
