"""Ways to damage a file, the same in every run: cuts, forged fields, single bits, splices, odd names.

Each function yields all cases of one kind; `cases_of` takes evenly from each as many as are asked for.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from fuzz.seed import Case, Edit, Field, Range, Seed

BLOCK = 512
_SIGNED, _UNSIGNED = (1 << 31) - 1, (1 << 32) - 1
_FLOATS = (0.0, -1.0, float("nan"), float("inf"), -float("inf"), 1e300, 1e-300, 1.0, 5.0, 1e6)
#: What a text in a file may try: to leave its folder, to write to a terminal, to end a line, to be endless.
HOSTILE = (
    b"../../../../etc/passwd",
    b"/etc/passwd",
    b"C:\\Windows\\system32",
    b"\x1b[2J\x1b[31m",
    b"a\r\nb\x00c\x07",
    b"",
    b"\xff\xfe\xfd",
    b"%s%n{0}{path}",
    b"=1+1",
    b"A" * 5000,
)
_WORDS = (
    *(str(value).encode() for value in (0, 1, -1, _SIGNED, _UNSIGNED)),
    b"nan",
    b"inf",
    b"-inf",
    b"1e400",
    b"1e-400",
    b"1e9 kHz",
    b"9" * 400,
    *HOSTILE,
)

_TREE = (b"true", b"null", b'""', b"[]", b"{}", b"1e308", b"-0.0")

#: Shares of the kinds among the cases of a reader; what one kind cannot fill goes to the single bits.
_SHARES = {"cut": 0.2, "field": 0.3, "splice": 0.15, "word": 0.1, "noise": 0.04}

Cases = Sequence[Case]


def cuts(seed: Seed) -> Cases:
    """Return the file cut at every byte of its header, at every block behind it, and one byte before its end."""
    size = len(seed.content)
    lengths = sorted({*range(min(seed.header, size)), *range(0, size, BLOCK), size - 1})

    def cut(index: int) -> Case:
        length = lengths[index]
        return Case("cut", f"cut after {length} of {size} bytes", (Edit(length, size - length, b""),))

    return Made(len(lengths), cut)


def forged_fields(seed: Seed) -> Iterator[Case]:
    """Yield every size, count and offset with the values that break readers, and scales and texts likewise."""
    for field in seed.fields:
        old = seed.content[field.at : field.end]
        for said, new in forged(field, len(seed.content)):
            if new != old:
                yield Case("field", f"{field.name} (byte {field.at}) = {said}", (Edit(field.at, field.size, new),))


def forged(field: Field, file_size: int) -> Iterator[tuple[str, bytes]]:
    """Yield what a field is forged to, in words and as bytes."""
    if field.kind == "samples":
        return
    past = file_size + 1
    if field.kind in {"text", "digits", "word"}:
        own = {"text": HOSTILE, "digits": (*_WORDS, *_TREE), "word": (*_WORDS, str(past).encode())}[field.kind]
        for text in own:
            if field.kind == "digits" and len(text) > field.size:
                continue
            padded = {"text": text[: field.size].ljust(field.size, b"\0"), "digits": text.ljust(field.size)}
            yield repr(text[:24]), padded.get(field.kind, text)
        return
    if field.kind == "float":
        yield from _floats(field.size)
    values = {0, 1, -1, _SIGNED, _UNSIGNED, past, -(-past // BLOCK)}
    # The same edges for the width of the field, where it is another.
    values |= {(1 << (8 * field.size - 1)) - 1, (1 << (8 * field.size)) - 1}
    for value in sorted(values):
        yield str(value), (value & ((1 << 8 * field.size) - 1)).to_bytes(field.size, "little")


def _floats(size: int) -> Iterator[tuple[str, bytes]]:
    code = {4: "<f", 8: "<d"}.get(size)
    for value in _FLOATS if code else ():
        if size == 8 or not np.isfinite(value) or abs(value) < 1e38:
            yield f"{value:g}", struct.pack(code, value)


def forged_words(seed: Seed) -> Cases:
    """Return every 2, 4 and 8 bytes outside the samples forged, whether or not a field is known there."""
    places = [
        (at, width)
        for begin, end in seed.places
        for at in range(begin, end - 1, 2)
        for width in (2, 4, 8)
        if at + width <= end and (at % width == 0 or width == 4)
    ]
    values = (0, 1, -1, _SIGNED, _UNSIGNED, len(seed.content) + 1)
    return Made(len(places) * len(values), lambda index: _word(*places[index // 6], values[index % 6]))


def _word(at: int, width: int, value: int) -> Case:
    new = (value & ((1 << 8 * width) - 1)).to_bytes(width, "little")
    return Case("word", f"{width} bytes at {at} = {value}", (Edit(at, width, new),))


def single_bits(seed: Seed, places: Sequence[Range]) -> Cases:
    """Return every bit of some stretches flipped."""
    starts = list(accumulate((end - begin for begin, end in places), initial=0))

    def flipped(index: int) -> Case:
        number, bit = divmod(index, 8)
        place = bisect_right(starts, number) - 1
        at = places[place][0] + number - starts[place]
        return Case("bit", f"bit {bit} of byte {at}", (Edit(at, 1, bytes([seed.content[at] ^ (1 << bit)])),))

    return Made(8 * starts[-1], flipped)


class Made(Sequence[Case]):
    """So many cases, each made when it is asked for: there are a hundred thousand."""

    def __init__(self, length: int, make: Callable[[int], Case]) -> None:
        self.length, self.make = length, make

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: Any) -> Any:
        return self.make(index)


def splices(seed: Seed, count: int) -> Iterator[Case]:
    """Yield runs of bytes overwritten by others of the file or by noise, and whole blocks lost, doubled or blank."""
    content, size = seed.content, len(seed.content)
    rng = np.random.default_rng(7)
    for number in range(count):
        length = int(rng.integers(1, min(64, size // 2) + 1))
        begin, end = seed.places[int(rng.integers(len(seed.places)))] if number % 4 else (0, size)
        at = min(int(rng.integers(begin, end)), size - length)
        source = int(rng.integers(0, size - length + 1))
        kind = number % 5
        if kind < 2:
            edit = Edit(at, length, content[source : source + length])
            yield Case("splice", f"{length} bytes at {at} from {source}", (edit,))
        elif kind == 2:
            yield Case("splice", f"{length} bytes of noise at {at}", (Edit(at, length, rng.bytes(length)),))
        elif kind == 3:
            start = at // BLOCK * BLOCK
            width = min(BLOCK, size - start)
            yield Case("splice", f"block at {start} blank", (Edit(start, width, bytes(width)),))
        else:
            start = at // BLOCK * BLOCK
            if number % 2:
                yield Case("splice", f"block at {start} lost", (Edit(start, min(BLOCK, size - start), b""),))
            else:
                block = content[start : start + BLOCK]
                yield Case("splice", f"block at {start} twice", (Edit(start + len(block), 0, block),))


def noise(seed: Seed, count: int) -> Iterator[Case]:
    """Yield up to sixty bytes changed at once outside the samples, and nothing but noise behind the first bytes."""
    size = len(seed.content)
    rng = np.random.default_rng(11)
    for number in range(count):
        if number % 4 == 0:
            edit = Edit(min(8, size), max(size - 8, 0), rng.bytes(int(rng.integers(1, 8192))))
            yield Case("noise", f"noise {number} behind the first 8 bytes", (edit,))
            continue
        few = int(rng.integers(2, 61))
        chosen = np.array(seed.places)[rng.integers(len(seed.places), size=few)]
        edits = {at: Edit(at, 1, rng.bytes(1)) for at in rng.integers(chosen[:, 0], chosen[:, 1]).tolist()}
        yield Case("noise", f"noise {number} in {len(edits)} bytes", tuple(edits[at] for at in sorted(edits)))


def odd_names(seed: Seed) -> Iterator[Case]:
    """Yield the file cut in its middle under names that a message must not repeat as they are."""
    middle = len(seed.content) // 2
    for name in ("..case..bin", "a\nb.bin", "\x1b[31mcase.bin", "case\x7f\r.bin", "%s{0}.bin", "=1+1.csv", "x" * 200):
        edits = (Edit(middle, len(seed.content) - middle, b""),)
        yield Case("name", f"cut in half, named {name!r}", edits, file_name=name)


def spread(cases: Cases, count: int, seed: int = 3) -> list[Case]:
    """Return so many cases, one at random of each equal part: evenly, and never in step with a pattern."""
    if len(cases) <= count:
        return [cases[i] for i in range(len(cases))]
    edges = np.linspace(0, len(cases), count + 1).astype(int)
    rng = np.random.default_rng(seed)
    return [cases[int(rng.integers(begin, end))] for begin, end in pairwise(edges)]


def fairly(several: Iterable[Cases], count: int) -> list[Case]:
    """Return at most so many cases, evenly of several kinds; what a kind has not goes to the others."""
    found: list[Case] = []
    kinds = sorted(several, key=len)
    for number, cases in enumerate(kinds):
        found += spread(cases, (count - len(found)) // (len(kinds) - number))
    return found


def cases_of(seed: Seed, count: int) -> list[Case]:
    """Return at most so many cases of a file, of every kind, a quarter of them those that only its format has."""
    found = fairly(seed.more(), count // 4) if seed.more is not None else []
    left = count - len(found)
    shares = {kind: max(1, int(left * share)) for kind, share in _SHARES.items()}
    found += [*spread(cuts(seed), shares["cut"]), *spread(list(forged_fields(seed)), shares["field"])]
    found += [*splices(seed, shares["splice"]), *noise(seed, shares["noise"]), *odd_names(seed)]
    if not seed.text:
        # The bytes of a text are no numbers.
        found += spread(forged_words(seed), shares["word"])
    # Some bits among the samples, most outside of them; where that is not enough, more among the samples.
    for places, share in ((seed.payload, 8), (seed.places, 1), (seed.payload, 1)):
        missing = max(count - len(found), 0)
        found = _different(seed, [*found, *spread(single_bits(seed, places), missing // share)])
    return found


def _different(seed: Seed, cases: Iterable[Case]) -> list[Case]:
    """Return the cases that change something, each once."""
    found: dict[Any, Case] = {}
    for case in cases:
        if case.build is None and not case.touched(seed.content):
            continue
        found.setdefault((case.edits, case.build and case.name, case.file_name), case)
    return list(found.values())


def equal_parts(count: int, parts: int) -> list[int]:
    """Return a number cut into equal parts that add up to it.

    >>> equal_parts(10, 3)
    [3, 3, 4]
    """
    edges = [count * number // parts for number in range(parts + 1)]
    return [end - begin for begin, end in pairwise(edges)]
