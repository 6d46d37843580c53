"""The command line as a shell runs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def mnephys(tmp_path: Path) -> Run:
    """Run ``mnephys`` with arguments, in an empty folder, as a process of its own."""

    def run(*arguments: object, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mnephys", *map(str, arguments)]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)

    return run


@pytest.fixture
def mixed_folder(tmp_path: Path, data: Callable[[str], Path]) -> Path:
    """A folder with two good recordings and four that cannot be read, each for another reason."""
    folder = tmp_path / "mixed"
    (folder / "sub").mkdir(parents=True)
    shutil.copy(data("patch/File_axon_5.abf"), folder / "good.abf")
    shutil.copy(data("patch/171116sh_0018.abf"), folder / "sub" / "good.abf")
    (folder / "empty.abf").write_bytes(b"")
    (folder / "text.abf").write_text("time, voltage\n0, -70\n")
    whole = data("patch/18713001.abf").read_bytes()
    (folder / "half.abf").write_bytes(whole[: len(whole) // 2])
    shutil.copy(data("patch/opto_aps_bad_units.abf"), folder / "units.abf")
    (folder / "notes.txt").write_text("not a recording")
    return folder
