"""Which file is read by what, and what is said of those that are not read."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mnephys.batch.discover import find_recordings
from mnephys.errors import (
    MissingFileError,
    ReadError,
    SeveralRecordingsError,
    TruncatedFileError,
    UnsupportedFormatError,
)
from mnephys.readers import read
from mnephys.readers.binary import BinaryFile, open_binary, text_field


def test_the_name_of_a_file_plays_no_part(raw, written):
    for name in ("cell.txt", "cell", "cell.h5", "cell.pkl"):
        assert read(written(raw("na_iv_abf2.abf"), name)).n_sweeps == 37


def test_nothing_there(tmp_path):
    with pytest.raises(MissingFileError, match=r"absent\.abf: does not exist; check the spelling"):
        read(tmp_path / "absent.abf")
    with pytest.raises(FileNotFoundError):
        read(str(tmp_path / "absent.abf"))
    with pytest.raises(MissingFileError):
        read("a\0b.abf")


def test_folder_and_device(tmp_path):
    with pytest.raises(ReadError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(ReadError, match="not a regular file"):
        read(os.devnull)


def test_not_readable(written, monkeypatch):
    path = written(b"ABF2" + bytes(1000))

    def refuse(*_args, **_keywords):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(ReadError, match=r"cannot be opened: Permission denied; check its permissions"):
        read(path)


def test_empty(written):
    with pytest.raises(TruncatedFileError, match=r"cell\.abf: is empty \(0 bytes\); copy it again"):
        read(written(b""))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"Time,Voltage\n0,-70\n", "text that begins 'Time,Voltage'"),
        (b"ATF\t1.0\n8\t3\n", r"an Axon text file \(ATF\)"),
        (b"DAT2" + bytes(100), "a HEKA bundle"),
        (b"CLPX" + bytes(100), "a pCLAMP file from before ABF"),
        (b"PK\x03\x04" + bytes(30), "a ZIP archive"),
        (b"\x80\x04\x95" + bytes(30), "a Python pickle, which is never opened"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (bytes(600), "nothing but zeros"),
        (b"A", "text that begins 'A'"),
        (b"abf2" + bytes(600), "unknown binary data that begins 61 62 66 32"),
        (bytes(range(1, 256)), "unknown binary data that begins 01 02 03 04"),
    ],
)
def test_what_it_looks_like(written, content, what):
    with pytest.raises(UnsupportedFormatError, match=rf"cell\.abf: looks like {what}") as caught:
        read(written(content))
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, SeveralRecordingsError)


def test_text_of_a_file_cannot_forge_a_second_line(written):
    with pytest.raises(UnsupportedFormatError) as caught:
        read(written(b"harmless\r\x0b\x0cerror: all is lost\nsecond"))
    assert len(str(caught.value).splitlines()) == 1


def test_unknown_channel(data):
    with pytest.raises(ReadError, match=r"has no channel 'Vm'; choose one of 0 'IN 0' \(mV\)"):
        read(data("patch/18713001.abf"), channel="Vm")
    for index in (1, -1):
        with pytest.raises(ReadError, match="has no channel"):
            read(data("patch/18713001.abf"), channel=index)


def test_nothing_is_read_that_the_file_does_not_hold(written):
    with open_binary(written(bytes(100))) as file:
        assert isinstance(file, BinaryFile)
        assert len(file.records("<i4", 0, 25, "samples")) == 25
        assert len(file.records("<i4", 1 << 40, 0, "samples")) == 0
        for offset, n_bytes in ((0, 101), (99, 2), (-1, 1), (0, -1), (1 << 60, 1)):
            with pytest.raises(ReadError, match=r"the header is damaged|the file was cut"):
                file.bytes(offset, n_bytes, "samples")


def test_a_file_that_shrinks_while_it_is_read(written):
    path = written(bytes(1000))
    with open_binary(path) as file:
        path.write_bytes(b"")
        with pytest.raises(TruncatedFileError, match="became shorter"):
            file.bytes(0, 500, "samples")


def test_text_fields():
    assert text_field(b"\xb5V\0\0\xff\xff") == "\N{MICRO SIGN}V"
    assert text_field(b"        ") == ""


def test_import_is_light():
    code = "import sys, mnephys.readers; print(sorted({'neo', 'scipy', 'quantities', 'pandas'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_nothing_is_printed_and_no_file_stays_open(data, capfd):
    # Old files make neo warn; a file left open would be a ResourceWarning, which is an error here.
    read(data("patch/130618-1-12.abf"))
    assert capfd.readouterr() == ("", "")


def test_an_hdf5_file_of_another_kind_and_a_damaged_one(tmp_path):
    import h5py

    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["signal"] = [1.0, 2.0]
    with pytest.raises(UnsupportedFormatError, match="looks like an HDF5 file"):
        read(other)
    cut = tmp_path / "cut.h5"
    cut.write_bytes(other.read_bytes()[:300])
    with pytest.raises(ReadError, match=r"cut\.h5: ") as caught:
        read(cut)
    assert not isinstance(caught.value, UnsupportedFormatError)
    assert find_recordings([tmp_path]).names == ("cut.h5",)
