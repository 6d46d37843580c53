"""Tags: treatments, events, key and value, in their revisions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from readers.builders.axis_layout import STARTED, Entry, Kind, Layout

TAG = 0x06
DELETED, TREATMENT, USER_NOTE, SYSTEM_NOTE, DATA_LOSS, STIMULATION, DOSING, KEY_VALUE = 0, 1, 2, 3, 4, 5, 10, 11

_SPACE = UUID("6f0c2f0e-8d5b-4a55-9a0e-0a4f1c1d2e3f")


def guid(name: object) -> UUID:
    """Return the identity of a tag; the same name gives the same."""
    return uuid5(_SPACE, repr(name))


def tag(
    kind: int,
    payload: Layout | bytes = b"",
    *,
    identity: UUID | None = None,
    revision: int = 0,
    created: datetime | tuple[int, ...] = STARTED,
) -> list[Entry]:
    """Return a tag of any kind; its identity comes from its content unless it is given."""
    body = payload if isinstance(payload, Layout) else Layout().raw(payload)
    head = Layout().put("H", kind, "tag type", Kind.TYPE).moment(created, "tag created")
    head.raw((identity or guid((kind, bytes(body.content)))).bytes_le)
    head.put("I", revision, "tag revision", Kind.VALUE)
    return [Entry(TAG, head.join(body))]


def deletion(identity: UUID, revision: int) -> list[Entry]:
    """Return the revision of a tag that takes it away."""
    return tag(DELETED, identity=identity, revision=revision)


def _place(well: str) -> Layout:
    place = Layout()
    place.put("B", int(well[1:]), "treatment well column", Kind.VALUE)
    place.put("B", ord(well[0]) - 64, "treatment well row", Kind.VALUE)
    return place.raw(b"\0\0")


def treatment(
    well: str,
    treated: str = "",
    *,
    note: str = "",
    dose: float = float("nan"),
    exponent: int = 0,
    unit: str = "",
    on: bool = True,
    control: bool = False,
    identity: UUID | None = None,
    revision: int = 0,
) -> list[Entry]:
    """Return what was done to a well."""
    body = _place(well).put("B", on | control << 1, "treatment flags", Kind.TYPE).raw(b"\xff\xff\xff")
    body.text(treated, "treatment").text(note, "treatment information")
    body.put("d", dose, "dose", Kind.VALUE).put("b", exponent, "dose exponent", Kind.VALUE).text(unit, "dose unit")
    return tag(TREATMENT, body, identity=identity, revision=revision)


def old_treatment(well: str, *, on: bool = True, control: bool = False) -> list[Entry]:
    """Return a treatment of an older program, which ends after the flags."""
    return tag(TREATMENT, _place(well).put("B", on | control << 1, "treatment flags", Kind.TYPE))


def event(
    sample: int,
    text: str,
    *,
    kind: int = USER_NOTE,
    rate: float = 12500.0,
    lasting: int = 0,
    identity: UUID | None = None,
    revision: int = 0,
) -> list[Entry]:
    """Return something that happened at a sample."""
    body = Layout().put("d", rate, "event rate", Kind.VALUE).put("q", sample, "event sample", Kind.VALUE)
    body.put("q", lasting, "event duration", Kind.VALUE).raw(bytes(4)).text(text, "event text")
    return tag(kind, body, identity=identity, revision=revision)


def key_value(key: str, value: str, *, identity: UUID | None = None, revision: int = 0) -> list[Entry]:
    """Return a property of the recording."""
    return tag(KEY_VALUE, Layout().text(key, "key").text(value, "value"), identity=identity, revision=revision)
