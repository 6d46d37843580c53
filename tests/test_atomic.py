"""Files are written whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mnephys import atomic
from mnephys.errors import StoreError


def names(folder):
    return [entry.name for entry in folder.iterdir()]


def test_text_comes_back_in_utf8_with_its_line_ends(tmp_path):
    atomic.write_text(tmp_path / "a.txt", "12 µV\nsecond\n")
    assert (tmp_path / "a.txt").read_bytes() == b"12 \xc2\xb5V\nsecond\n"


def test_an_existing_file_is_replaced_and_keeps_its_permissions(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    target.chmod(0o600)
    atomic.write_text(target, "new")
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o600


def test_nothing_else_is_left_in_the_folder(tmp_path):
    atomic.write_bytes(tmp_path / "a.bin", b"x" * 100_000)
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, step):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    with pytest.raises(StoreError, match=r"a\.txt: could not be written \(No space left on device\)"):
        atomic.write_text(target, "new")
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"absent/a\.txt: could not be written \(No such file"):
        atomic.write_text(tmp_path / "absent" / "a.txt", "new")


def test_a_new_file_follows_the_umask(tmp_path):
    atomic.write_text(tmp_path / "a.txt", "new")
    (tmp_path / "b.txt").write_text("new")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "b.txt").stat().st_mode


def test_a_name_of_the_longest_length_can_be_written(tmp_path):
    target = tmp_path / ("µ" * 127)
    atomic.write_text(target, "new")
    assert target.read_text() == "new"


def test_a_reader_never_sees_a_part(tmp_path):
    target = tmp_path / "a.txt"
    contents = ["a" * 300_000, "b" * 300_000]
    atomic.write_text(target, contents[0])
    script = (
        "import sys; from mnephys import atomic\n"
        "for i in range(40): atomic.write_text(sys.argv[1], 'ab'[i % 2] * 300_000)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(target)]) as writer:
        seen = set()
        while writer.poll() is None:
            seen.add(target.read_text())
    assert writer.returncode == 0
    assert seen <= set(contents)


def test_a_streamed_file_appears_when_it_is_whole(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    target.chmod(0o600)
    with atomic.open_text(target) as file:
        file.write("12 µV\n")
        file.write("x" * 100_000)
        assert target.read_text() == "old"
    assert target.read_bytes() == b"12 \xc2\xb5V\n" + b"x" * 100_000
    assert target.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [OSError(5, "of something else"), ValueError("defect"), KeyboardInterrupt()])
def test_an_error_of_the_writer_is_passed_on_as_it_is(tmp_path, error):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def parts():
        yield "new"
        raise error

    def write():
        with atomic.open_text(target) as file:
            for part in parts():
                file.write(part)

    with pytest.raises(type(error)) as raised:
        write()
    assert raised.value is error
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_is_named_while_parts_are_written(tmp_path, monkeypatch):
    target = tmp_path / "a.txt"
    target.write_text("old")
    opened = Path.open

    def full(path, mode):
        opened(path, mode).close()
        return opened(Path("/dev/full"), "wb")

    monkeypatch.setattr(Path, "open", full)
    with (
        pytest.raises(StoreError, match=r"a\.txt: could not be written \(No space left on device\)"),
        atomic.open_text(target) as file,
    ):
        file.write("x" * 100_000)
    monkeypatch.undo()
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]
