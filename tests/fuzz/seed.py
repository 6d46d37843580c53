"""What is damaged: a small undamaged file, where its fields lie, and one way of damaging it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: From a byte to the one before another.
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a header.

    `kind` is ``int``, ``float``, ``text`` (of fixed length), ``digits`` (a number as text, of fixed length), ``word``
    (one of a text file, of any length), or ``samples``, which are not forged.
    `carries` names what of a recording this value alone decides, in a format without a checksum over it: a plausible
    other value cannot be told from a true one there. Where a checksum covers the value, it is empty.
    """

    at: int
    size: int
    name: str
    kind: str = "int"
    carries: frozenset[str] = frozenset()

    @property
    def end(self) -> int:
        return self.at + self.size


@dataclass(frozen=True, slots=True)
class Seed:
    """An undamaged file.

    `header` is the length of what stands before the samples, or `skeleton` the places of all that is no sample;
    `fields` are its sizes, counts, offsets, scales and texts; `payload` is where samples or spikes lie, of which a
    changed byte changes one value and no more. In a text file, which `text` says it is, a changed line changes at most
    its own row and the next. `endless` says that the file states nowhere how many samples it has. `more` is the damage
    that only this file, or its format, knows, in several kinds.
    """

    name: str
    content: bytes
    header: int
    fields: Sequence[Field] = ()
    payload: Sequence[Range] = ()
    text: bool = False
    endless: bool = False
    skeleton: Sequence[Range] = ()
    more: Callable[[], Sequence[Sequence[Case]]] | None = None
    file_name: str = "case.bin"

    @property
    def places(self) -> Sequence[Range]:
        """Where everything lies that is no sample."""
        return self.skeleton or ((0, min(self.header, len(self.content))),)


@dataclass(frozen=True, slots=True)
class Edit:
    """So many bytes at a place give way to others."""

    at: int
    removed: int
    new: bytes

    @property
    def end(self) -> int:
        return self.at + self.removed


@dataclass(frozen=True, slots=True)
class Case:
    """One damaged file: edits from front to back, then `build`, which repairs checksums or writes a whole new file.

    `carries` is what the value alone decides that `build` forged, and nothing else.
    """

    kind: str
    name: str
    edits: tuple[Edit, ...] = ()
    build: Callable[[bytes], bytes] | None = None
    carries: frozenset[str] = frozenset()
    file_name: str = ""

    def damaged(self, content: bytes) -> bytes:
        """Return the bytes of the damaged file."""
        parts, position = [], 0
        for edit in self.edits:
            parts += [content[position : edit.at], edit.new]
            position = edit.end
        edited = b"".join([*parts, content[position:]])
        return edited if self.build is None else self.build(edited)

    def touched(self, content: bytes) -> list[Range]:
        """Return the bytes of the undamaged file that are others now, or gone; an inserted byte touches its place."""
        found = []
        for edit in self.edits:
            old = content[edit.at : edit.end]
            if len(old) != len(edit.new):
                found.append((edit.at, max(edit.end, edit.at + 1)))
                continue
            differing = [at for at, (one, other) in enumerate(zip(old, edit.new, strict=True)) if one != other]
            # Bytes that happen to be the same are not touched: a forged 32-bit number may change one of its bytes.
            found += [(edit.at + at, edit.at + at + 1) for at in differing]
        return found


def overlap(ranges: Sequence[Range], others: Sequence[Range]) -> int:
    """Return how many bytes of some ranges lie in others."""
    return sum(max(0, min(end, stop) - max(begin, start)) for begin, end in ranges for start, stop in others)
