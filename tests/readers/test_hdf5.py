"""Nothing that an HDF5 file claims is believed, and nothing outside of it is opened."""

from __future__ import annotations

import resource
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnephys.errors import CorruptHeaderError, ReadError, UnsupportedFormatError
from mnephys.readers.binary import open_binary
from mnephys.readers.hdf5 import open_hdf5, texts_of

MOST = 10_000_000


def array(path: Path, name: str, most: int = MOST):
    with open_binary(path) as file, open_hdf5(file) as content:
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
    for name in ("soft", "dangling", "external", "group/secret"):
        with pytest.raises(UnsupportedFormatError, match="is a link to another place, which is not followed"):
            array(path, name)
    for name in ("raw", "virtual"):
        with pytest.raises(UnsupportedFormatError, match="keeps its values in other files, which are not opened"):
            array(path, name)
    with open_binary(path) as file, open_hdf5(file) as content:
        assert [content.has(name) for name in ("real", "external", "dangling", "none")] == [True, True, True, False]


@pytest.mark.parametrize(
    "options",
    [
        {"shape": (10**12,)},
        {"shape": (10**12,), "chunks": (1000,)},
        {"shape": (10**12,), "chunks": (1000,), "compression": "gzip"},
        {"shape": (10**6, 10**6), "chunks": (10, 10)},
        {"shape": (2**62,), "chunks": (1,)},
    ],
)
def test_a_small_file_that_claims_a_huge_dataset(path, options):
    with h5py.File(path, "w") as file:
        file.create_dataset("spikes", dtype=float, **options)
        if "chunks" in options:
            file["spikes"][(0,) * len(options["shape"])] = 1.0
    assert path.stat().st_size < 20_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CorruptHeaderError, match=r"claims \d+ values; at most 10000000 are read"):
        array(path, "spikes")
    with pytest.raises(CorruptHeaderError, match=r"claims \d+ values, but the file holds only \d+ bytes of them"):
        array(path, "spikes", 2**63)
    # In kB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_a_shape_within_the_limit_is_compared_with_what_is_stored(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("none", (10**6,), dtype=float)
        file.create_dataset("part", (10**6,), dtype=float, chunks=(1000,))
        file["part"][:1000] = 1.0
        file.create_dataset("chunk", (10,), maxshape=(None,), dtype=float, chunks=(1 << 28,), compression="gzip")
        file.create_dataset("zeros", data=np.zeros(10**6), chunks=(10**6,), compression=9)
    for name in ("none", "part"):
        with pytest.raises(CorruptHeaderError, match="claims 1000000 values, but the file holds only"):
            array(path, name)
    with pytest.raises(CorruptHeaderError, match="claims chunks of 2147483648 bytes"):
        array(path, "chunk")
    # As small as the filter can make it.
    assert not array(path, "zeros").any()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros(2, dtype=[("a", float)]), "holds neither numbers nor texts"),
        (np.array([1j]), "holds neither numbers nor texts"),
        (np.array([True]), "holds neither numbers nor texts"),
        (np.array([1.0], dtype=np.longdouble), "holds neither numbers nor texts"),
        (np.array([b"x" * 1025]), "claims texts of 1025 bytes; at most 1024 are read"),
        (h5py.Empty("i4"), "holds no values"),
    ],
)
def test_types_that_are_not_read(path, values, said):
    with h5py.File(path, "w") as file:
        file["odd"] = values
    with pytest.raises(CorruptHeaderError, match=rf"dataset odd {said}"):
        array(path, "odd")


def test_objects_are_not_read(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("ragged", (2,), dtype=h5py.vlen_dtype(float))
        file["ragged"][0] = [1.0, 2.0]
        file["reference"] = file["ragged"].ref
        file.create_dataset("array", (2,), dtype="(3,)f8")
        file["type"] = np.dtype("f8")
        file.create_dataset("packed_words", data=["a", "b"], compression="gzip", dtype=h5py.string_dtype())
        file.create_dataset("lzf", data=np.zeros(1000), compression="lzf")
    for name in ("ragged", "reference", "array", "type"):
        with pytest.raises(CorruptHeaderError, match=r"holds neither numbers nor texts|is no dataset"):
            array(path, name)
    with pytest.raises(UnsupportedFormatError, match="holds packed texts of variable length"):
        array(path, "packed_words")
    with pytest.raises(UnsupportedFormatError, match="is packed by filter 32000, which is not read"):
        array(path, "lzf")


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


def test_a_text_that_is_longer_than_it_may_be(path):
    words_file(path, ["a", "b" * 1025])
    with pytest.raises(
        CorruptHeaderError, match="dataset names refers to a text of 1025 bytes that is not there, or too"
    ):
        array(path, "names")


def test_damage_is_one_line_with_the_place(path):
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(1000))
    with (
        pytest.raises(CorruptHeaderError, match=r"a\.h5: it cannot be read \(\w+: .*\); the file is damaged"),
        open_binary(path) as file,
        open_hdf5(file),
    ):
        pass
