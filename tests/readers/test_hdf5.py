"""Nothing that an HDF5 file claims is believed, and nothing outside of it is opened."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnephys.errors import CorruptHeaderError, ReadError, UnsupportedFormatError
from mnephys.readers.binary import open_binary
from mnephys.readers.hdf5.file import Hdf5File, open_hdf5, texts_of

MOST = 10_000_000


@contextmanager
def opened(path: Path) -> Iterator[Hdf5File]:
    with open_binary(path) as file, open_hdf5(file) as content:
        yield content


def array(path: Path, name: str, most: int = MOST):
    with opened(path) as content:
        return content.array(name, most)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.h5"


def test_numbers_and_texts_come_back(path):
    stored = {
        "plain": np.arange(5.0),
        "packed": np.arange(1000).reshape(10, 100),
        "texts": np.array([b"A1", b"F8"]),
        "group/inside": np.float32(2.5),
        "bytes": np.arange(3, dtype=">u2"),
    }
    with h5py.File(path, "w") as file:
        for name, values in stored.items():
            packed = {"compression": 9, "shuffle": True, "fletcher32": True} if name == "packed" else {}
            file.create_dataset(name, data=values, **packed)
        file.create_dataset("none", (0,), dtype=float)
        file["words"] = ["", "a", "", "b" * 1000]
        file["word"] = "\N{MICRO SIGN}M"
        file.create_dataset("no_words", (0,), dtype=h5py.string_dtype())
    for name, values in stored.items():
        found = array(path, name)
        np.testing.assert_array_equal(found, values)
        assert found.dtype == np.asarray(values).dtype
    assert array(path, "none").shape == (0,)
    assert texts_of(array(path, "words")) == ["", "a", "", "b" * 1000]
    assert (texts_of(array(path, "word")), array(path, "word").shape) == (["\N{MICRO SIGN}M"], ())
    assert array(path, "no_words").shape == (0,)
    for absent in ("nothing", "nothing/inside", "plain/inside", "group/nothing"):
        assert array(path, absent) is None
    with pytest.raises(CorruptHeaderError, match="dataset group is no dataset"):
        array(path, "group")


def test_texts():
    assert texts_of(np.array([b" uM ", b"\xb5M", "µM".encode(), b"a\0b"])) == ["uM", "µM", "µM", "a"]
    assert texts_of(np.array([[1, 20], [300, 4]])) == ["1", "20", "300", "4"]


def test_what_is_where(path):
    with h5py.File(path, "w") as file:
        for name in ("Stream_10", "Stream_2", "Stream_02", "Stream_1", "alpha", "2", "10", "Stream_x1"):
            file.create_group(f"streams/{name}")
        file["streams/Stream_1/data"] = [1, 2]
        file["streams/alpha/again"] = file["streams"]
        file["soft"] = h5py.SoftLink("/streams")
        file["outside"] = h5py.ExternalLink("other.h5", "/streams")
        file.create_group("\N{GREEK SMALL LETTER MU}V/empty")
    with opened(path) as content:
        assert content.path == str(path)
        assert content.names("") == ["outside", "soft", "streams", "\N{GREEK SMALL LETTER MU}V"]
        natural = ["2", "10", "Stream_1", "Stream_02", "Stream_2", "Stream_10", "Stream_x1", "alpha"]
        assert content.names("streams") == content.names("soft") == natural
        for nothing in ("absent", "streams/absent", "streams/Stream_1/data", "outside", "streams//Stream_1"):
            assert content.names(nothing) == []
            assert content.attributes(nothing) == {}
        for there in ("", "streams", "streams/Stream_1/data", "soft", "outside", "\N{GREEK SMALL LETTER MU}V/empty"):
            assert content.has(there)
        for absent in ("x", "streams/x", "x/y", "soft/x", "outside/alpha", "/streams", "streams/", "streams/data"):
            assert not content.has(absent)
        # A group that stands in itself.
        assert content.names("streams" + 100 * "/alpha/again") == natural
        assert content.array("streams" + 100 * "/alpha/again" + "/Stream_1/data", 2).tolist() == [1, 2]


def test_attributes_that_are_not_read_are_left_out(path):
    with h5py.File(path, "w") as file:
        attributes = file.create_dataset("d", data=[1.0]).attrs
        attributes["reference"] = file.ref
        attributes["references"] = np.array([file.ref], dtype=h5py.ref_dtype)
        attributes["row"] = np.zeros(2, dtype=[("a", float)])
        attributes.create("ragged", np.array([np.arange(2), np.arange(3)], dtype=object), (2,), h5py.vlen_dtype(int))
        attributes["complex"] = 1j
        attributes["long double"] = np.longdouble(1)
        attributes["empty"] = h5py.Empty("i4")
        attributes["opaque"] = np.void(b"abc")
        attributes["array"] = np.zeros(2, dtype="(3,)f8")
        attributes["rate"] = 20000.0
        attributes["choice"] = np.array(3, dtype=h5py.enum_dtype({"A": 0, "B": 3}))
        attributes["yes"] = np.array([True, False])
        attributes["padded"] = np.bytes_(b"  text \r\n")
        attributes["large"] = "x" * 60_000
    with opened(path) as content:
        found = content.attributes("d")
    assert found.pop("yes").tolist() == [True, False]
    assert len(found.pop("large")) == 60_000
    # An array of arrays is stored as an array of another shape.
    found.pop("array", None)
    assert found == {"rate": 20000.0, "choice": 3, "padded": "text"}
    assert [type(found[name]) for name in ("rate", "choice", "padded")] == [float, int, str]


def test_asking_again_and_again_is_no_circle(path):
    with h5py.File(path, "w", libver="latest") as file:
        for number in range(200):
            file.attrs[f"a{number}"] = "v" * number
        file.create_dataset("packed", data=np.arange(2000), chunks=(10,), compression="gzip")
    with opened(path) as content:
        for _ in range(300):
            content.attributes("")["a7"] += "changed"
        assert content.attributes("")["a7"] == "v" * 7
        for _ in range(100):
            assert content.array("packed", 2000)[-1] == 1999


def test_tables(path):
    inner = np.dtype([("x", float)])
    kind = np.dtype(
        {
            "names": ["time", "label", "name", "on", "choice", "inner", "several", "last"],
            "formats": [
                "<i8",
                h5py.string_dtype(),
                "S4",
                "?",
                h5py.enum_dtype({"A": 0, "B": 3}, "u1"),
                inner,
                "(2,)f4",
                ">f4",
            ],
        }
    )
    stored = np.zeros(3, kind)
    for row, label in enumerate(["", "\N{MICRO SIGN}V", "x" * 2000]):
        stored[row] = (row, label, b"ab ", row == 1, 3, (1.0,), (1, 2), row / 2)
    with h5py.File(path, "w") as file:
        file["plain"] = stored
        file.create_dataset("packed", data=stored[["time", "name", "last"]], chunks=(2,), compression="gzip")
        file["empty"] = stored[:0]
        file["square"] = stored[["time", "last"]][:2].reshape(1, 2)
        file["numbers"] = np.arange(3)
    with opened(path) as content:
        table = content.table("plain", 3)
        assert list(table) == ["time", "label", "name", "on", "choice", "last"]
        assert {name: column.tolist() for name, column in table.items()} == {
            "time": [0, 1, 2],
            "label": ["", "\N{MICRO SIGN}V", "x" * 2000],
            "name": ["ab"] * 3,
            "on": [False, True, False],
            "choice": [3] * 3,
            "last": [0.0, 0.5, 1.0],
        }
        assert [table[name].dtype.str for name in ("time", "name", "on", "last")] == ["<i8", "<U2", "|b1", ">f4"]
        assert content.table("packed", 3)["last"].tolist() == [0.0, 0.5, 1.0]
        assert {name: column.shape for name, column in content.table("empty", 3).items()} == dict.fromkeys(table, (0,))
        assert content.table("square", 2)["time"].tolist() == [0, 1]
        assert content.table("absent", 3) is None
        with pytest.raises(CorruptHeaderError, match="dataset plain claims 3 values; at most 2 are read"):
            content.table("plain", 2)
        with pytest.raises(CorruptHeaderError, match="dataset numbers is no table"):
            content.table("numbers", 3)
        with pytest.raises(CorruptHeaderError, match="dataset plain holds no numbers"):
            content.lazy("plain")


def test_values_that_were_never_written(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("row", (5,), dtype=float)
        part = file.create_dataset("part", (100, 10), dtype=float, chunks=(10, 10), compression="gzip", fillvalue=-1)
        part[50:60] = 2.0
        for name, options in ((f"chunks {size}", {"chunks": (size,), "maxshape": (None,)}) for size in (10, 10_000)):
            file.create_dataset(name, (10_000,), dtype=float, **options)
    for name, said in (
        ("row", "dataset row was never written; the recording was interrupted"),
        ("part", r"dataset part was never written from \(0, 0\) on; the recording was interrupted"),
        ("chunks 10", "dataset chunks 10 was never written; the recording was interrupted"),
        ("chunks 10000", "dataset chunks 10000 was never written; the recording was interrupted"),
    ):
        with pytest.raises(UnsupportedFormatError, match=said):
            array(path, name)
    with opened(path) as content:
        written = content.lazy("part")
    assert (written.read(50, 60) == 2.0).all()
    with pytest.raises(UnsupportedFormatError, match=r"dataset part was never written from \(60, 0\) on"):
        written.read(55, 61)


def test_the_library_itself_is_not_loaded():
    code = "import sys, mnephys.readers.hdf5.file; sys.exit('h5py' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_links_within_the_file_are_followed_so_far(path, libver):
    with h5py.File(path, "w", libver=libver) as file:
        file["data/deep/values"] = np.arange(3.0)
        file["data/deep/back"] = h5py.SoftLink("../deep")
        file["short"] = h5py.SoftLink("/data/deep")
        file["data/relative"] = h5py.SoftLink("deep/./values")
        file["twice"] = h5py.SoftLink("/short/values")
        file["circle"] = h5py.SoftLink("/other")
        file["other"] = h5py.SoftLink("circle")
        file["itself"] = h5py.SoftLink("/itself/more")
    for name in ("short/values", "data/relative", "twice"):
        np.testing.assert_array_equal(array(path, name), np.arange(3.0))
    # What is missing behind a link that leads somewhere is missing, and no link.
    assert array(path, "short/nothing") is None
    for name in ("circle", "itself", "other/more", "data/deep/back"):
        with pytest.raises(UnsupportedFormatError, match="is a link"):
            array(path, name)
    with opened(path) as content:
        assert content.names("short") == ["back", "values"]
        assert [content.has(name) for name in ("short/values", "short/nothing", "circle")] == [True, False, True]


def test_links_and_other_files_are_not_followed(path, tmp_path):
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["secret"] = np.arange(3.0)
        file["group/secret"] = np.arange(3.0)
    (tmp_path / "secret.bin").write_bytes(np.arange(3.0).tobytes())
    layout = h5py.VirtualLayout((3,), dtype=float)
    layout[:] = h5py.VirtualSource(str(other), "secret", (3,))
    with h5py.File(path, "w") as file:
        file["real"] = np.arange(3.0)
        file["hard"] = file["real"]
        file["soft"] = h5py.SoftLink("/real")
        file["dangling"] = h5py.SoftLink("/nothing")
        file["external"] = h5py.ExternalLink(str(other), "/secret")
        file["group"] = h5py.ExternalLink(str(other), "/group")
        file.create_dataset("raw", (3,), dtype=float, external=[(str(tmp_path / "secret.bin"), 0, 24)])
        file.create_virtual_dataset("virtual", layout)
    np.testing.assert_array_equal(array(path, "hard"), np.arange(3.0))
    np.testing.assert_array_equal(array(path, "soft"), np.arange(3.0))
    for name in ("dangling", "external", "group/secret"):
        with pytest.raises(UnsupportedFormatError, match="is a link to another place, which is not followed"):
            array(path, name)
    for name in ("raw", "virtual"):
        with pytest.raises(UnsupportedFormatError, match="keeps its values in other files, which are not opened"):
            array(path, name)
    with opened(path) as content:
        for name in ("external", "group/secret"):
            for read in (content.lazy, lambda name: content.table(name, 9)):
                with pytest.raises(UnsupportedFormatError, match="which is not followed"):
                    read(name)
        for name in ("raw", "virtual"):
            with pytest.raises(UnsupportedFormatError, match="which are not opened"):
                content.lazy(name)
        assert [content.has(name) for name in ("real", "external", "dangling", "none")] == [True, True, True, False]


@pytest.mark.parametrize(
    "options",
    [
        {"shape": (10**12,), "chunks": (1000,)},
        {"shape": (10**12,), "chunks": (1000,), "compression": "gzip"},
        {"shape": (10**6, 10**6), "chunks": (10, 10)},
        {"shape": (2**62,), "chunks": (1,)},
    ],
)
def test_a_small_file_that_claims_a_huge_dataset(path, options):
    with h5py.File(path, "w") as file:
        file.create_dataset("spikes", dtype=float, **options)
        file["spikes"][(0,) * len(options["shape"])] = 1.0
    assert path.stat().st_size < 20_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with opened(path) as content:
        for read in (lambda: content.array("spikes", MOST), lambda: content.array("spikes", 2**63)):
            with pytest.raises(
                CorruptHeaderError, match=r"claims \d+ values, but the file holds only \d+ bytes of them"
            ):
                read()
        with pytest.raises(CorruptHeaderError, match=r"claims \d+ values, but the file holds only \d+ bytes of them"):
            content.lazy("spikes")
    # In kB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_a_shape_within_the_limit_is_compared_with_what_is_stored(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("none", (10**6,), dtype=float)
        file.create_dataset("part", (10**6,), dtype=float, chunks=(1000,))
        file["part"][:1000] = 1.0
        file.create_dataset("chunk", (10,), maxshape=(None,), dtype=float, chunks=(1 << 28,), compression="gzip")
        file.create_dataset("zeros", data=np.zeros(10**6), chunks=(10**6,), compression=9)
    with pytest.raises(UnsupportedFormatError, match="dataset none was never written"):
        array(path, "none")
    with pytest.raises(CorruptHeaderError, match="claims 1000000 values, but the file holds only"):
        array(path, "part")
    with pytest.raises(CorruptHeaderError, match="claims chunks of 2147483648 bytes"):
        array(path, "chunk")
    # As small as the filter can make it.
    assert not array(path, "zeros").any()
    with pytest.raises(CorruptHeaderError, match="dataset zeros claims 1000000 values; at most 999999 are read"):
        array(path, "zeros", 999_999)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros(2, dtype=[("a", float)]), "holds neither numbers nor texts"),
        (np.array([1j]), "holds neither numbers nor texts"),
        (np.array([1.0], dtype=np.longdouble), "holds neither numbers nor texts"),
        (h5py.Empty("i4"), "holds no values"),
    ],
)
def test_types_that_are_not_read(path, values, said):
    with h5py.File(path, "w") as file:
        file["odd"] = values
    with pytest.raises(CorruptHeaderError, match=rf"dataset odd {said}"):
        array(path, "odd")


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_booleans_and_what_stands_for_names_are_read_as_the_stored_integers(path, libver):
    with h5py.File(path, "w", libver=libver) as file:
        file["on"] = np.array([[True, False], [False, True]])
        file.create_dataset("kind", data=[2, 1, 2], dtype=h5py.enum_dtype({"A": 1, "B": 2}, "<i2"))
    assert array(path, "on").tolist() == [[1, 0], [0, 1]]
    assert (array(path, "kind").tolist(), array(path, "kind").dtype) == ([2, 1, 2], np.dtype("<i2"))


def test_objects_are_not_read(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("ragged", (2,), dtype=h5py.vlen_dtype(float))
        file["ragged"][0] = [1.0, 2.0]
        file["reference"] = file["ragged"].ref
        file.create_dataset("array", (2,), dtype="(3,)f8")[...] = np.ones((2, 3))
        file["type"] = np.dtype("f8")
        file.create_dataset("packed_words", data=["a", "b"], compression="gzip", dtype=h5py.string_dtype())
        file.create_dataset("lzf", data=np.zeros(1000), compression="lzf")
    for name in ("ragged", "reference", "array", "type"):
        with pytest.raises(CorruptHeaderError, match=r"holds neither numbers nor texts|is no dataset"):
            array(path, name)
    assert array(path, "packed_words").tolist() == [b"a", b"b"]
    with pytest.raises(UnsupportedFormatError, match=r"is packed by filter 32000 \(lzf\), which is not read"):
        array(path, "lzf")
    with h5py.File(path, "a", libver="latest") as file:
        file.create_dataset("scaled", data=np.arange(1000), scaleoffset=0)
    with pytest.raises(UnsupportedFormatError, match=r"is packed by filter 6 \(scaleoffset\), which is not read"):
        array(path, "scaled")
    with opened(path) as content:
        packed = content.lazy("lzf")
    assert (packed.filters, packed.shape) == ((32000,), (1000,))
    with pytest.raises(UnsupportedFormatError, match=r"is packed by filter 32000 \(lzf\), which is not read"):
        packed.read(0, 10)


def test_chunks_of_another_rank_than_their_dataset(path):
    # On such a file the HDF5 library never returns.
    with h5py.File(path, "w", libver="earliest") as file:
        file.create_dataset("epos", data=np.zeros((2, 3)), compression="gzip")
    content = path.read_bytes()
    # Version 1 of a dataspace message: version, rank, flags (a largest size is stored), five reserved bytes.
    at = content.index(b"\x01\x02\x01\0\0\0\0\0" + (2).to_bytes(8, "little") + (3).to_bytes(8, "little"))
    path.write_bytes(content[: at + 1] + b"\x01" + content[at + 2 :])
    with pytest.raises(CorruptHeaderError, match="has 1 dimensions and chunks of 2"):
        array(path, "epos")


# --- the heap of texts of variable length ---


def words_file(path: Path, words: list[str]) -> bytes:
    with h5py.File(path, "w") as file:
        file["names"] = words
    return path.read_bytes()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.text(st.characters(min_codepoint=1, codec="utf-8"), max_size=40), min_size=1, max_size=300))
def test_words_are_those_that_h5py_reads(path, words):
    words_file(path, words)
    with h5py.File(path, "r") as file:
        expected = [bytes(raw) for raw in file["names"][()]]
    assert array(path, "names").tolist() == expected == [word.encode() for word in words]


def words_or_error(path: Path) -> list[str] | str:
    try:
        return texts_of(array(path, "names"))
    except ReadError as error:
        return str(error)


def test_a_damaged_heap(path):
    words = [f"A1_{i}" for i in range(11, 45)]
    content = words_file(path, words)
    heap = content.index(b"GCOL")
    references = content.rindex(heap.to_bytes(8, "little")) - 4 - 16 * (len(words) - 1)
    places = {*range(heap, heap + 64), *range(references, references + 32), *range(references + 512, references + 544)}
    refused = 0
    for at in sorted(places):
        for value in (0, 1, 0x1B, 0x7F, 0xFF):
            path.write_bytes(content[:at] + bytes([value]) + content[at + 1 :])
            found = words_or_error(path)
            if isinstance(found, str):
                assert "\n" not in found
                refused += 1
            else:
                assert len(found) == len(words)
                assert sum(one != other for one, other in zip(found, words, strict=True)) <= 2
    assert refused > len(places)


def test_texts_may_be_long_but_not_all_as_wide_as_the_longest(path):
    settings_text = "{" + "x" * 3_000_000 + "}"
    with h5py.File(path, "w") as file:
        file["settings"] = settings_text
        file["fixed"] = np.bytes_(settings_text)
        file["names"] = ["a"] * 100 + [settings_text]
    assert texts_of(array(path, "settings")) == texts_of(array(path, "fixed")) == [settings_text]
    with pytest.raises(CorruptHeaderError, match="dataset names holds 101 texts of up to 3000002 bytes; at most"):
        array(path, "names")


def test_a_reference_to_a_text_that_is_not_there(path):
    content = words_file(path, ["a", "bcd"])
    reference = (3).to_bytes(4, "little") + content.index(b"GCOL").to_bytes(8, "little") + (1).to_bytes(4, "little")
    assert content.count(reference) == 1
    for wrong in (b"\x04" + reference[1:], b"\xff\xff\xff\x7f" + reference[4:], reference[:12] + b"\7\0\0\0"):
        path.write_bytes(content.replace(reference, wrong))
        with pytest.raises(
            CorruptHeaderError, match=r"dataset names refers to a text of \d+ bytes that is not there, or"
        ):
            array(path, "names")


def test_damage_is_one_line_with_the_place(path):
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(1000))
    with (
        pytest.raises(
            CorruptHeaderError, match=r"a\.h5: the superblock at byte 0 states addresses of 0 .*; the file is damaged"
        ),
        open_binary(path) as file,
        open_hdf5(file),
    ):
        pass
