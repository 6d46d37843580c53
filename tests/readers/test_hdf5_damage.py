"""Damaged and hostile HDF5 files end in a typed error, or in data, within a moment and in little memory."""

from __future__ import annotations

import functools
import itertools
import resource
import struct
import tempfile
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readers.builders.hdf5_dialects import TEXT, filled, numbers, rows

from mnephys.errors import CorruptHeaderError, ReadError, TruncatedFileError
from mnephys.readers.binary import open_binary
from mnephys.readers.hdf5.bytes import Source
from mnephys.readers.hdf5.checksums import fletcher32, lookup3
from mnephys.readers.hdf5.file import Hdf5File, open_hdf5

MOST = 10_000_000
UNDEFINED = 2**64 - 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.h5"


def u8(number: int) -> bytes:
    return (number % 2**64).to_bytes(8, "little")


def patched(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


def resealed(content: bytes, begin: int, end: int) -> bytes:
    """Give a structure the checksum that belongs to it; it takes the last 4 bytes."""
    return patched(content, end - 4, lookup3(content[begin : end - 4]).to_bytes(4, "little"))


def small(path: Path, dialect: str) -> Path:
    """Write a file with little data and much structure."""
    with h5py.File(path, "w", libver=(dialect, "latest")) as file:
        file.attrs["rate"], file.attrs["text"], file.attrs["several"] = 20000.0, "some text", np.arange(4)
        data = file.create_group("Data")
        for number in range(12):
            data.create_group(f"Stream_{number}").attrs["gain"] = number
        for number in range(12):
            data.attrs[f"a{number}"] = number
        data["row"] = numbers(4, 50)
        data["table"] = rows(3)
        data.create_dataset("words", data=["x", "yy", ""], dtype=TEXT)
        gzip = {"compression": "gzip", "shuffle": True}
        data.create_dataset("packed", data=numbers(20, 30), chunks=(7, 9), **gzip)
        data.create_dataset("growing", data=numbers(40, 3), chunks=(1, 3), maxshape=(None, 3), fletcher32=True)
        data.create_dataset("tree", data=numbers(9, 9), chunks=(2, 2), maxshape=(None, None), **gzip)
        data.create_dataset("one", data=numbers(9, 9), chunks=(9, 9), **gzip)
    return path


def kind_of(error: ReadError, path: Path) -> type[ReadError]:
    """Return the type of an error that is one line and names the file."""
    assert "\n" not in str(error)
    assert str(error).startswith(str(path))
    return type(error)


def walk(path: Path) -> dict[tuple[str, str], Any]:
    """Return all that a file says, with a type of error in the place of an answer."""
    found: dict[tuple[str, str], Any] = {}

    def ask(what: str, name: str, read: Callable[[], Any]) -> Any:
        try:
            found[what, name] = read()
        except ReadError as error:
            found[what, name] = kind_of(error, path)
        return found[what, name]

    def visit(content: Hdf5File, group: str) -> None:
        names = ask("names", group, lambda: content.names(group))
        for last in names if isinstance(names, list) else ():
            name = f"{group}/{last}" if group else last
            ask("attributes", name, lambda name=name: content.attributes(name))
            ask("array", name, lambda name=name: content.array(name, MOST))
            ask("table", name, lambda name=name: content.table(name, MOST))
            part = ask("lazy", name, lambda name=name: content.lazy(name))
            if part and not isinstance(part, type):
                found["lazy", name] = (part.shape, part.dtype, part.chunks, part.filters)
                if len(part.shape) == 2:
                    width = min(part.shape[1], 5)
                    ask("columns", name, lambda part=part, width=width: part.read_columns(0, width))
            if (
                name.count("/") < 5
                and len(found) < 5000
                and ask("has", name, lambda name=name: content.has(name)) is True
            ):
                visit(content, name)

    try:
        with open_binary(path) as file, open_hdf5(file) as content:
            ask("attributes", "", lambda: content.attributes(""))
            visit(content, "")
    except ReadError as error:
        found["open", ""] = kind_of(error, path)
    return found


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and np.array_equal(one, other)
    return type(one) is type(other) and one == other


def outcome(path: Path, content: bytes) -> dict[tuple[str, str], Any]:
    """Read a file that was changed, and measure what this takes."""
    path.write_bytes(content)
    before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    found = walk(path)
    assert time.perf_counter() - begin < 2
    # In kB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2 * len(content) // 1024 + 64 * 1024
    return found


@functools.cache
def intact(dialect: str) -> tuple[bytes, dict[tuple[str, str], Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path = small(Path(folder) / "a.h5", dialect)
        return path.read_bytes(), walk(path)


def changed(found: dict[tuple[str, str], Any], before: dict[tuple[str, str], Any]) -> set[tuple[str, str]]:
    """Return the answers that are neither those of the intact file nor errors."""
    return {key for key, value in found.items() if not isinstance(value, type) and not same(value, before.get(key))}


dialects = pytest.mark.parametrize("dialect", ["earliest", "v108", "latest"])
often = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dialects
@often
@given(data=st.data())
def test_a_changed_bit(path, dialect, data):
    content, _ = intact(dialect)
    at, bit = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 7))
    outcome(path, patched(content, at, bytes([content[at] ^ 1 << bit])))


@dialects
@often
@given(data=st.data())
def test_a_forged_number(path, dialect, data):
    content, _ = intact(dialect)
    at, size = 4 * data.draw(st.integers(0, len(content) // 4 - 2)), data.draw(st.sampled_from([4, 8]))
    structures = [
        content.find(name) for name in (b"TREE", b"SNOD", b"HEAP", b"GCOL", b"OHDR", b"BTHD", b"FRHP", b"EAHD")
    ]
    limits = [0, 1, 2, -1, 2**31 - 1, 2**32 - 1, 2**40, 2**63 - 1, len(content), len(content) + 1, at]
    number = data.draw(st.sampled_from(limits + [place for place in structures if place >= 0]))
    outcome(path, patched(content, at, (number % 2 ** (8 * size)).to_bytes(size, "little")))


@dialects
def test_a_cut_file(path, dialect):
    content, _ = intact(dialect)
    for end in [*range(200), *range(200, len(content), 97)]:
        path.write_bytes(content[:end])
        with pytest.raises(ReadError), open_binary(path) as file, open_hdf5(file):
            pass


@often
@given(data=st.data())
def test_where_all_has_a_checksum_no_change_passes(path, data):
    content, before = intact("latest")
    # All but these have one, or are packed with one.
    row = content.index(numbers(4, 50).tobytes())
    heaps = [at for at in range(len(content)) if content.startswith(b"GCOL", at)]
    words = content.index(struct.pack("<IQI", 1, heaps[-1], 0)[:12], heaps[-1])
    table = content.index(b"ab0")
    without = {*range(row, row + 400), *range(words - 64, words + 64), *range(table - 64, table + 256)}
    without |= {at for heap in heaps for at in range(heap, heap + 4096)}
    at = data.draw(st.integers(0, len(content) - 1).filter(lambda at: at not in without))
    found = outcome(path, patched(content, at, bytes([content[at] ^ 1 << data.draw(st.integers(0, 7))])))
    assert changed(found, before) == set()


@dialects
def test_chunks_that_are_moved_or_missing_do_not_pass(path, dialect):
    content, before = intact(dialect)
    with h5py.File(path, "w") as file:
        file["x"] = 1
    path.write_bytes(content)
    with h5py.File(path) as file:
        tree = file["Data/tree"].id
        addresses = [tree.get_chunk_info(number).byte_offset for number in range(tree.get_num_chunks())]
    for address, other in itertools.pairwise(addresses):
        for wrong in (other, UNDEFINED, len(content), len(content) - 1, 0):
            at = content.index(u8(address))
            found = outcome(path, patched(content, at, u8(wrong)))
            assert not changed(found, before) & {("array", "Data/tree"), ("columns", "Data/tree")}


# --- what leads in circles ---


def test_a_tree_that_holds_itself(path):
    with h5py.File(path, "w", libver="earliest") as file:
        for number in range(1500):
            file.create_group(f"g{number}")
    content = path.read_bytes()
    roots = [at for at in range(len(content)) if content.startswith(b"TREE\0\1", at)]
    assert roots
    # After the header a key of 8 bytes, then the first child.
    for level in (1, 2, 32, 255):
        wrong = patched(patched(content, roots[0] + 32, u8(roots[0])), roots[0] + 5, bytes([level]))
        assert isinstance(outcome(path, wrong)["names", ""], type)
    # The siblings all the same.
    for entry in range(3):
        child = content[roots[0] + 32 : roots[0] + 40]
        wrong = patched(content, roots[0] + 32 + 16 * entry, child)
        assert isinstance(outcome(path, wrong)["names", ""], type) == (entry > 0)


def test_a_header_that_continues_in_itself(path):
    with h5py.File(path, "w", libver="earliest") as file:
        for number in range(20):
            file.attrs[f"a{number}"] = number
    content = path.read_bytes()
    root = int.from_bytes(content[64:72], "little")
    at = content.index(struct.pack("<HHB", 16, 16, 0), root)
    begin, length = content[at + 8 : at + 16], content[at + 16 : at + 24]
    # The block that it leads to says that it goes on in the same block; there is no end of messages.
    loop = struct.pack("<HHB3x", 16, 16, 0) + begin + length
    endless = patched(patched(content, root + 2, b"\xff\xff"), int.from_bytes(begin, "little"), loop)
    for wrong in (endless, patched(content, at + 16, u8(2**63)), patched(content, at + 8, u8(2**40))):
        assert {CorruptHeaderError} >= {*outcome(path, wrong).values()}
    path.write_bytes(endless)
    with (
        open_binary(path) as file,
        open_hdf5(file) as found,
        pytest.raises(CorruptHeaderError, match="continues in its"),
    ):
        found.attributes("")


def test_a_heap_whose_blocks_hold_themselves(path):
    with h5py.File(path, "w", libver="latest") as file:
        many = file.create_group("many")
        for number in range(3000):
            many.attrs[f"a{number}"] = "v" * 100
    content = path.read_bytes()
    blocks = [at for at in range(len(content)) if content.startswith(b"FHIB\0", at)]
    assert blocks
    for at in blocks:
        first = content.index(b"FHDB", 0)
        end = (
            next(
                end
                for end in range(at + 20, len(content))
                if lookup3(content[at:end]) == int.from_bytes(content[end : end + 4], "little")
            )
            + 4
        )
        entries = range(at + 13, end - 12)
        children = [place for place in entries if content[place : place + 8] == u8(first)] or [at + 18]
        wrong = resealed(patched(content, children[0], u8(at)), at, end)
        assert outcome(path, wrong)["attributes", "many"] is CorruptHeaderError


def test_a_group_in_itself_and_a_deep_one(path):
    with h5py.File(path, "w") as file:
        place = file
        for _ in range(1500):
            place = place.create_group("g")
        place["itself"] = file["/"]
        place["last"] = [7]
    with open_binary(path) as file, open_hdf5(file) as content:
        deep = "/".join(["g"] * 1500)
        assert content.names(deep) == ["itself", "last"]
        assert content.array(f"{deep}/itself/{deep}/itself/{deep}/last", 1).tolist() == [7]
        assert not content.has("/".join(["g"] * 100_000))


def read_for_ever(source: Source, length: int) -> None:
    while True:
        source.bytes(0, length, "a structure")


def test_reading_the_same_again_and_again_ends(path):
    path.write_bytes(bytes(1000))
    with open_binary(path) as file:
        for length in (1, 1000):
            source = Source(file)
            begin = time.perf_counter()
            with pytest.raises(CorruptHeaderError, match=r"a\.h5: its structures lead in circles"):
                read_for_ever(source, length)
            assert time.perf_counter() - begin < 2


# --- claims ---


def test_types_in_types(path):
    kind: Any = "<i4"
    for _ in range(12):
        kind = np.dtype([("inner", kind)])
    with h5py.File(path, "w") as file:
        file["deep"] = np.zeros(3, kind)
        file["fine"] = np.zeros(3, np.dtype([("a", "<i4"), ("b", np.dtype([("c", "<i4")]))]))
    with open_binary(path) as file, open_hdf5(file) as content:
        assert list(content.table("fine", 3)) == ["a"]
        with pytest.raises(CorruptHeaderError, match=r"header of dataset deep describes a type .* on level 9"):
            content.table("deep", 3)


def test_fields_of_a_table_that_are_not_in_its_rows(path):
    with h5py.File(path, "w", libver="earliest") as file:
        file["t"] = np.zeros(3, [("aa", "<i4"), ("bb", "<i4")])
    content = path.read_bytes()
    at = content.index(b"bb\0\0\0\0\0\0") + 8
    for offset in (5, 8, 2**31, 2**32 - 1, 0, 3):
        found = outcome(path, patched(content, at, offset.to_bytes(4, "little")))
        assert found["table", "t"] is CorruptHeaderError
    # A name without an end, a name twice.
    assert outcome(path, patched(content, at - 8, b"aa"))["table", "t"] is CorruptHeaderError


def test_an_attribute_that_claims_more_than_it_holds(path):
    with h5py.File(path, "w", libver="earliest") as file:
        file.attrs["several"] = np.arange(4)
    content = path.read_bytes()
    space = content.index(
        struct.pack("<BBB5xQ", 1, 1, 1, 4) if b"\1\1\1" in content else struct.pack("<BBB5xQ", 1, 1, 0, 4)
    )
    for extent in (5, 1000, 2**31, 2**62, 2**64 - 1):
        found = outcome(path, patched(patched(content, space + 2, b"\0"), space + 8, u8(extent)))
        assert found["attributes", ""] is CorruptHeaderError


@pytest.mark.parametrize("claimed", [0, 1, 399, 401, 2**31, 2**32, 2**63])
def test_a_row_of_another_length_than_its_shape(path, claimed):
    with h5py.File(path, "w") as file:
        file["row"] = numbers(200)
        address = file["row"].id.get_offset()
    content = path.read_bytes()
    at = content.index(u8(address) + u8(400)) + 8
    found = outcome(path, patched(content, at, u8(claimed)))
    # Very old files do not say it.
    assert found["array", "row"] is CorruptHeaderError or claimed == 0


def test_a_chunk_that_is_a_bomb(path):
    with h5py.File(path, "w") as file:
        packed = file.create_dataset("packed", (1000,), "u1", chunks=(1000,), compression="gzip")
        bomb = zlib.compress(bytes(50_000_000), 9)
        packed.id.write_direct_chunk((0,), bomb)
    found = outcome(path, path.read_bytes())
    assert found["array", "packed"] is CorruptHeaderError
    # The same in a dataset that says so, and takes more than can be.
    with h5py.File(path, "w") as file:
        packed = file.create_dataset("packed", (50_000_000,), "u1", chunks=(50_000_000,), compression="gzip")
        packed.id.write_direct_chunk((0,), bomb)
        packed = file.create_dataset("many", (50_000_000,), "u1", chunks=(100_000,), compression="gzip")
        chunk = zlib.compress(bytes(100_000), 9)
        for start in range(0, 50_000_000, 100_000):
            packed.id.write_direct_chunk((start,), chunk)
    content = path.read_bytes()
    assert len(content) < 300_000
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with open_binary(path) as file, open_hdf5(file) as found:
            with pytest.raises(CorruptHeaderError, match="dataset packed claims chunks of 50000000 bytes; at most"):
                found.array("packed", 2**63)
            with pytest.raises(CorruptHeaderError, match="dataset many claims 50000000 bytes of values; at most"):
                found.array("many", 2**63)
            # In pieces it is harmless.
            assert not found.lazy("many").read(49_999_000, 50_000_000).any()
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("chunk", "said"),
    [
        (zlib.compress(b"x" * 999), r"has a chunk at byte \d+ that unpacks to 999 bytes instead of 1000"),
        (zlib.compress(b"x" * 1000)[:-1], r"has a chunk at byte \d+ that does not unpack to 1000 bytes"),
        (zlib.compress(b"x" * 1000)[:-4] + b"abcd", r"has a chunk at byte \d+ that cannot be unpacked \(Error -3 .*\)"),
        (b"no deflate at all", r"has a chunk at byte \d+ that cannot be unpacked"),
    ],
)
def test_chunks_that_do_not_unpack(path, chunk, said):
    with h5py.File(path, "w") as file:
        file.create_dataset("packed", (1000,), "u1", chunks=(1000,), compression="gzip").id.write_direct_chunk(
            (0,), chunk
        )
    with (
        open_binary(path) as file,
        open_hdf5(file) as content,
        pytest.raises(CorruptHeaderError, match=f"dataset packed {said}"),
    ):
        content.array("packed", 1000)


def test_checksums_of_chunks(path):
    stored = numbers(1000)
    with h5py.File(path, "w") as file:
        file.create_dataset("summed", data=stored, chunks=(1000,), fletcher32=True)
    content = path.read_bytes()
    at = content.index(stored.tobytes())
    total = int.from_bytes(content[at + 2000 : at + 2004], "little")
    assert total == fletcher32(stored.tobytes())
    assert np.array_equal(outcome(path, content)["array", "summed"], stored)
    # As programs of long ago wrote it.
    swapped = struct.pack("<HH", *struct.unpack(">HH", content[at + 2000 : at + 2004]))
    assert np.array_equal(outcome(path, patched(content, at + 2000, swapped))["array", "summed"], stored)
    for place in (at, at + 1999, at + 2000, at + 2003):
        wrong = patched(content, place, bytes([content[place] ^ 16]))
        assert outcome(path, wrong)["array", "summed"] is CorruptHeaderError


@given(st.binary(max_size=300))
def test_the_checksums_are_those_of_their_definitions(content):
    simple = weighted = 0
    padded = content + bytes(len(content) % 2)
    for at in range(0, len(padded), 2):
        simple = (simple + int.from_bytes(padded[at : at + 2], "big")) % 65535
        weighted = (weighted + simple) % 65535
    assert fletcher32(content) == weighted << 16 | simple


def test_a_large_block_does_not_overflow_its_checksum():
    # All words but the last are 0 modulo 65535.
    assert fletcher32(b"\xff" * 3_000_001) == 0xFF00FF00


def test_another_end_than_the_file_has(path):
    for dialect in ("earliest", "latest"):
        content, before = intact(dialect)
        assert changed(outcome(path, content + bytes(100)), before) == set()
        assert outcome(path, content[:-1]) == {("open", ""): TruncatedFileError}
    # Addresses of another length; a version that is not known; a file in several parts.
    content, _ = intact("earliest")
    for at, new in ((13, b"\4"), (13, b"\3"), (14, b"\4"), (8, b"\7"), (48, u8(96))):
        assert [*outcome(path, patched(content, at, new))] == [("open", "")]


@pytest.mark.parametrize("dialect", ["earliest", "latest"])
def test_everything_there_is_with_one_byte_changed(tmp_path, dialect):
    path = filled(tmp_path / "a.h5", dialect)
    content = path.read_bytes()
    for at in np.random.default_rng(0).integers(0, len(content), 25).tolist():
        outcome(path, patched(content, at, bytes([content[at] ^ 0xFF])))
