"""The harness can fail: readers that are bad on purpose are caught and named, and all other cases still judged."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fuzz.isolation import Limits, SeedError, available, run
from fuzz.looks import Look
from fuzz.mutations import cases_of, cuts, forged_fields, single_bits, splices, spread
from fuzz.run import fuzz, table
from fuzz.seed import Case, Edit, Field, Seed, overlap
from fuzz.verdict import FAILURES, SeedTrial

from mnephys.errors import CorruptHeaderError, ReadError, TruncatedFileError

pytestmark = pytest.mark.skipif(
    not available(), reason="damaged files are read in isolation only where fork and /proc are"
)

# A format of its own: magic, rate, gain, unit, number of samples, then the samples.
HEADER = np.dtype([("magic", "S4"), ("rate", "<f4"), ("gain", "<f4"), ("unit", "S4"), ("count", "<u4")])
SIZE = HEADER.itemsize
FIELDS = (
    Field(4, 4, "rate", "float", frozenset({"rate"})),
    Field(8, 4, "gain", "float", frozenset({"values"})),
    Field(12, 4, "unit", "text", frozenset({"unit"})),
    Field(16, 4, "count"),
)


@pytest.fixture
def seed() -> Seed:
    head = np.array([(b"TEST", 1000.0, 0.5, b"mV", 500)], HEADER).tobytes()
    content = head + np.arange(500, dtype="<i2").tobytes()
    return Seed("test", content, SIZE, FIELDS, [(SIZE, len(content))])


def good(path: Path, **_: bool) -> list[Look]:
    """Read the format as every reader should."""
    content = path.read_bytes()
    if len(content) < SIZE:
        raise TruncatedFileError(path, "is cut", "copy it again")
    head = np.frombuffer(content, HEADER, 1)[0]
    if head["magic"] != b"TEST" or head["unit"] not in {b"mV", b"V"}:
        raise CorruptHeaderError(path, "is damaged", "copy it again")
    rate, gain, count = float(head["rate"]), float(head["gain"]), int(head["count"])
    if not 100 <= rate <= 200_000 or not 1e-9 < abs(gain) < 1e9:
        raise CorruptHeaderError(path, "has no credible rate or gain", "copy it again")
    if len(content) != SIZE + 2 * count:
        raise TruncatedFileError(path, f"does not hold {count} samples", "copy it again")
    return [_look(rate, head["unit"].decode(), np.frombuffer(content, "<i2", count, SIZE) * gain)]


def _look(rate: float, unit: str, values, *sentences: str) -> Look:
    facts = {"kind": "sweeps", "rate": rate, "unit": unit, "sweeps": (len(values),), "channels": 1}
    return Look(facts, frozenset(sentences), {(0, len(values)): values})


# --- readers that are bad on purpose ---


def hangs(_: Look, path: Path) -> None:
    while path:
        pass


def sleeps(*_: object) -> None:
    time.sleep(60)


def hangs_in_c_and_hears_no_signal(*_: object) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    time.sleep(60)


def hangs_in_a_regular_expression(*_: object) -> None:
    re.match(r"(a+)+$", "a" * 64 + "b")


def swallows_the_alarm(*_: object) -> None:
    begin = time.monotonic()
    while time.monotonic() - begin < 60:
        with contextlib.suppress(BaseException):
            time.sleep(60)


def crashes(*_: object) -> None:
    ctypes.string_at(0)


def leaves(*_: object) -> None:
    os._exit(3)


def takes_memory(*_: object) -> None:
    np.ones(12 << 20).sum()


def asks_for_a_terabyte_and_hides_it(_: Look, path: Path) -> None:
    try:
        np.ones(1 << 37)
    except MemoryError as error:
        raise CorruptHeaderError(path, "claims a terabyte") from error


def raises_another_error(*_: object) -> None:
    raise KeyError("size")


def warns(*_: object) -> None:
    np.float32(1e38) * np.float32(1e38)


def names_another_file(*_: object) -> None:
    raise ReadError("other.bin", "is damaged")


class _TwoLinesError(ReadError):
    def __str__(self) -> str:
        return f"{self.path}: two\nlines"


def says_it_in_two_lines(_: Look, path: Path) -> None:
    raise _TwoLinesError(path, "is", "damaged")


def talks(_: Look, path: Path) -> None:
    raise ReadError(path, "is damaged " * 60)


def changes_the_rate(look: Look, _: Path) -> list[Look]:
    return [replace(look, facts={**look.facts, "rate": 2000.0})]


def changes_the_unit(look: Look, _: Path) -> list[Look]:
    return [replace(look, facts={**look.facts, "unit": "pA"})]


def changes_the_gain(look: Look, _: Path) -> list[Look]:
    return [_look(1000.0, "mV", look.windows[0, 500] * 2)]


def loses_a_channel(look: Look, _: Path) -> list[Look]:
    return [replace(look, facts={**look.facts, "channels": 0})]


def loses_a_sample(look: Look, _: Path) -> list[Look]:
    return [_look(1000.0, "mV", look.windows[0, 500][:499])]


def loses_the_recording(*_: object) -> list[Look]:
    return []


def changes_the_rate_and_says_so(look: Look, _: Path) -> list[Look]:
    return [replace(look, facts={**look.facts, "rate": 2000.0}, sentences=frozenset({"The rate is doubtful."}))]


def says_something_in_two_lines(look: Look, _: Path) -> list[Look]:
    return [replace(look, sentences=frozenset({"two\nlines"}))]


def returns_nothing_that_can_be_judged(*_: object) -> list[Look]:
    return [None]


#: What each comes to, and what the outcome says.
BAD = (
    (hangs, "hang", "hangs"),
    (sleeps, "hang", "sleeps"),
    (hangs_in_c_and_hears_no_signal, "hang", "ended by the watchdog"),
    (hangs_in_a_regular_expression, "hang", ""),
    (swallows_the_alarm, "hang", "ended by the watchdog"),
    (crashes, "died", "SIGSEGV; Fatal Python error: Segmentation fault"),
    (leaves, "died", "exit 3"),
    (takes_memory, "memory", " MB, 64 MB are allowed"),
    (asks_for_a_terabyte_and_hides_it, "memory", "asked for more than there is"),
    (raises_another_error, "untyped", "raises_another_error > KeyError: 'size'"),
    (warns, "untyped", "RuntimeWarning: overflow"),
    (names_another_file, "message", "does not name the file"),
    (says_it_in_two_lines, "message", "not one line"),
    (talks, "message", "signs long"),
    (changes_the_rate, "silent", "rate changed without a word (rate [1000.0] -> [2000.0])"),
    (changes_the_unit, "silent", "unit changed without a word"),
    (changes_the_gain, "silent", "values changed without a word"),
    (loses_a_channel, "silent", "channels changed without a word"),
    (loses_a_sample, "silent", "sweeps changed without a word"),
    (loses_the_recording, "silent", "recordings changed without a word"),
    (changes_the_rate_and_says_so, "told", "rate: The rate is doubtful."),
    (says_something_in_two_lines, "message", "not one short line"),
    (returns_nothing_that_can_be_judged, "judge", "AttributeError"),
)


def bad(path: Path, **_: bool) -> list[Look]:
    """Do what the last byte of the file says, where it was changed."""
    content = path.read_bytes()
    what = content[-1] - 100
    (look,) = good(path)
    found = BAD[what][0](look, path) if 0 <= what < len(BAD) else None
    return [look] if found is None else found


def test_every_kind_of_bad_reader_is_caught_and_the_rest_is_judged(seed):
    end = len(seed.content) - 1
    harmless = Case("bit", "harmless", (Edit(end, 1, b"\x63"),))
    cases = [harmless]
    for number, (reader, _, _) in enumerate(BAD):
        cases += [Case("bit", reader.__name__, (Edit(end, 1, bytes([100 + number])),)), harmless]
    outcomes = list(run(SeedTrial(seed, bad), cases, Limits(seconds=0.5, grace=0.5)))
    assert [outcome.case for outcome in outcomes] == cases
    assert [outcome.kind for outcome in outcomes[::2]] == ["intact"] * (len(BAD) + 1)
    assert {outcome.case.name: outcome.kind for outcome in outcomes[1::2]} == {
        reader.__name__: kind for reader, kind, _ in BAD
    }
    for outcome, (_, _, said) in zip(outcomes[1::2], BAD, strict=True):
        assert said in outcome.detail
    assert {outcome.kind for outcome in outcomes} >= {*FAILURES}


def test_a_busy_machine_is_no_hang(seed, tmp_path):
    marker = tmp_path / "seen"

    def slow_once(path: Path, **_: bool) -> list[Look]:
        if path.read_bytes()[-1] == 0 and not marker.exists():
            marker.touch()
            time.sleep(1)
        return good(path)

    case = Case("bit", "slow once", (Edit(len(seed.content) - 1, 1, b"\0"),))
    (outcome,) = run(SeedTrial(seed, slow_once), [case], Limits(seconds=0.3))
    assert marker.exists()
    assert outcome.kind == "intact"


def test_a_seed_that_cannot_be_read_is_no_success(seed):
    broken = replace(seed, content=b"NONE" + seed.content[4:])
    with pytest.raises(SeedError, match=r"the undamaged file was not read: .*CorruptHeaderError"):
        list(run(SeedTrial(broken, good), [Case("none", "undamaged")]))


# --- a good reader, and what is excused ---


def verdicts(seed: Seed, *edits: tuple[Edit, ...]) -> list[tuple[str, str]]:
    cases = [Case("bit", str(number), edit) for number, edit in enumerate(edits)]
    return [(outcome.kind, outcome.detail) for outcome in run(SeedTrial(seed, good), cases)]


def test_only_the_bytes_of_a_value_itself_excuse_its_change(seed):
    rate, gain, unit = np.float32(2000).tobytes(), np.float32(0.25).tobytes(), b"V\0\0\0"
    found = verdicts(
        seed,
        (Edit(4, 4, rate),),
        (Edit(8, 4, gain),),
        (Edit(12, 4, unit),),
        (Edit(4, 8, rate + gain),),
        (Edit(SIZE, 2, b"\x07\0"),),
        (Edit(4, 4, np.float32(1e6).tobytes()),),
        (),
    )
    assert found[:4] == [
        ("undetectable", "rate"),
        ("undetectable", "values"),
        ("undetectable", "unit"),
        ("undetectable+", "rate, values"),
    ]
    # Of a changed sample no more is lost than that sample.
    assert [kind for kind, _ in found[4:]] == ["intact", "refused", "intact"]
    covered = replace(seed, fields=[replace(field, carries=frozenset()) for field in FIELDS])
    # Where a checksum covers the value, nothing is excused.
    assert verdicts(covered, (Edit(4, 4, rate),))[0][0] == "silent"
    # A sample more than was damaged may not change either.
    shared = replace(seed, payload=())
    assert verdicts(shared, (Edit(SIZE, 2, b"\x07\0"),))[0] == ("silent", "values changed without a word")


def test_a_good_reader_passes(seed):
    tally = fuzz("test", [seed], 2500, read=good)
    assert 2400 < tally.cases <= 2500
    assert not tally.failures
    assert tally.kinds["refused"] > 500
    assert tally.kinds["undetectable"] > 10
    title, row = table([tally.row()])
    assert title.split()[:3] == ["reader", "cases", "refused"]
    assert row.split()[:2] == ["test", str(tally.cases)]


# --- damage ---


def test_damage_is_the_same_in_every_run_and_of_every_kind(seed):
    cases = cases_of(seed, 500)
    assert [case.damaged(seed.content) for case in cases] == [
        case.damaged(seed.content) for case in cases_of(seed, 500)
    ]
    assert 480 < len(cases) <= 500
    kinds = Counter(case.kind for case in cases)
    assert set(kinds) == {"cut", "field", "word", "splice", "noise", "name", "bit"}
    assert {len(case.damaged(seed.content)) for case in cuts(seed)} == {*range(SIZE), 512, len(seed.content) - 1}
    assert len(single_bits(seed, seed.places)) == 8 * SIZE
    assert len({case.damaged(seed.content) for case in single_bits(seed, seed.places)}) == 8 * SIZE
    assert len(list(splices(seed, 100))) == 100


def test_fields_are_forged_to_what_breaks_readers(seed):
    forged = [case.damaged(seed.content)[16:20] for case in forged_fields(seed) if case.name.startswith("count")]
    for value in (0, 1, 0xFFFFFFFF, 0x7FFFFFFF, len(seed.content) + 1):
        assert value.to_bytes(4, "little") in forged
    rates = [np.frombuffer(case.damaged(seed.content), "<f4", 1, 4)[0] for case in forged_fields(seed)]
    assert np.isnan(rates).any()
    assert np.isinf(rates).any()


def test_a_part_of_the_cases_is_spread_evenly():
    cases = [Case("bit", str(number)) for number in range(1000)]
    taken = [int(case.name) for case in spread(cases, 10)]
    assert [number // 100 for number in taken] == list(range(10))
    assert spread(cases, 2000) == cases
    assert overlap([(0, 10), (20, 21)], [(5, 25)]) == 6


def test_what_was_touched():
    content = bytes(range(100))
    case = Case("splice", "several", (Edit(10, 2, b"\x0a\xff"), Edit(20, 0, b"new"), Edit(30, 5, b"")))
    assert case.touched(content) == [(11, 12), (20, 21), (30, 35)]
    damaged = case.damaged(content)
    assert damaged == content[:10] + b"\x0a\xff" + content[12:20] + b"new" + content[20:30] + content[35:]
