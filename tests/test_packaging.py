"""What is shipped is complete and agrees with itself."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from importlib import metadata, resources
from pathlib import Path

import pytest

from mnephys import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = {"nwb", "cluster", "postgres", "parquet", "excel", "graph", "docs", "test", "bench", "spikeinterface"}
DEPENDENCIES = {
    *(
        "neo",
        "elephant",
        "quantities",
        "numpy",
        "scipy",
        "h5py",
        "click",
        "pandas",
        "matplotlib",
        "pillow",
        "jinja2",
        "threadpoolctl",
        "tqdm",
    ),
}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def citation(key: str) -> str:
    (value,) = re.findall(rf"^{key}: \"?(.*?)\"?$", text("CITATION.cff"), re.MULTILINE)
    return value


def marked_commands() -> dict[str, str]:
    """Return the content of every fenced block of the README that has a marker above it, by marker."""
    return dict(re.findall(r"<!-- ([a-z-]+-command) -->\n+```\w*\n(.*?)```", text("README.md"), re.DOTALL))


def requirement_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\s\[<>=!~;]", requirement)[0] for requirement in requirements}


# --- one version ---


def test_the_version_is_the_same_everywhere():
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "mnephys/_version.py"
    assert metadata.version("mnephys") == __version__
    assert citation("version") == __version__
    released = re.findall(r"^## \[(\d\S*)\]", text("CHANGELOG.md"), re.MULTILINE)
    assert released[0] == __version__


def test_the_changelog_keeps_its_form():
    headings = re.findall(r"^## (.*)$", text("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[(Unreleased|\d+\.\d+\.\d+)\]( - \d{4}-\d\d-\d\d)?", heading) for heading in headings)


def test_the_citation_is_valid_and_names_nothing_that_does_not_exist():
    assert citation("cff-version") == "1.2.0"
    assert citation("license") == PROJECT["project"]["license"] == "BSD-3-Clause"
    assert f'name: "{PROJECT["project"]["authors"][0]["name"]}"' in text("CITATION.cff")
    keys = set(re.findall(r"^([a-z-]+):", text("CITATION.cff"), re.MULTILINE))
    assert {"cff-version", "message", "title", "authors", "version"} <= keys
    assert not {"doi", "url", "identifiers", "repository-code"} & keys


def test_the_licence_is_the_one_named():
    assert text("LICENSE").startswith("BSD 3-Clause License")
    assert text("LICENSE").count("the mnephys developers") == 1


# --- what a wheel and an archive hold ---


def test_the_package_is_typed():
    assert resources.files("mnephys").joinpath("py.typed").is_file()


def test_the_rubrics_are_found_and_are_toml():
    files = [f for f in resources.files("mnephys.maturity").joinpath("rubrics").iterdir() if f.name.endswith(".toml")]
    assert "spinal_motor_neuron.toml" in {file.name for file in files}
    for file in files:
        assert tomllib.loads(file.read_text(encoding="utf-8"))["name"] == file.name.removesuffix(".toml")


def test_the_quality_limits_are_found_and_are_toml():
    file = resources.files("mnephys.patch").joinpath("quality.toml")
    assert tomllib.loads(file.read_text(encoding="utf-8"))["name"] == "default"


@pytest.mark.parametrize("suffix", [".html.j2", ".css", ".js"])
def test_the_templates_of_the_report_are_found(suffix):
    templates = resources.files("mnephys.report").joinpath("templates")
    found = [file for file in templates.iterdir() if file.name.endswith(suffix)]
    assert found
    assert all(file.read_text(encoding="utf-8").strip() for file in found)


def test_all_files_of_the_package_belong_to_the_wheel():
    # The build takes what git does not ignore: a data file that is ignored would work here and be missing elsewhere.
    if not (ROOT / ".git").exists():
        pytest.skip("no git repository: what is ignored cannot be asked")
    files = [str(f) for f in (ROOT / "mnephys").rglob("*") if f.is_file() and "__pycache__" not in f.parts]
    asked = subprocess.run(
        ["git", "check-ignore", "--stdin"],  # noqa: S607 -- the git of the developer
        input="\n".join(files),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (asked.stdout, asked.stderr) == ("", "")
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"] == {"packages": ["mnephys"]}


def test_the_archive_names_only_what_exists():
    for name in PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]:
        assert (ROOT / name).exists(), name


# --- what is promised ---


def test_dependencies_and_extras_are_those_of_the_design():
    assert requirement_names(PROJECT["project"]["dependencies"]) == DEPENDENCIES
    assert set(PROJECT["project"]["optional-dependencies"]) == EXTRAS
    for extra, requirements in PROJECT["project"]["optional-dependencies"].items():
        assert not requirement_names(requirements) & {"numba", "cloudpickle", "dill", "joblib"}, extra


def test_every_requirement_has_a_lower_bound():
    extras = PROJECT["project"]["optional-dependencies"].values()
    for requirement in [*PROJECT["project"]["dependencies"], *(r for extra in extras for r in extra)]:
        assert re.fullmatch(r"[\w.-]+(\[[\w,]+\])?>=[\d.]+", requirement), requirement


def test_the_python_versions_agree():
    names = [f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13, 14)]
    stated = [c for c in PROJECT["project"]["classifiers"] if re.search(r"Python :: 3\.\d", c)]
    assert stated == names
    assert PROJECT["project"]["requires-python"] == ">=3.11"
    assert PROJECT["tool"]["mypy"]["python_version"] == "3.11"
    assert PROJECT["tool"]["ruff"]["target-version"] == "py311"


def test_the_console_script_is_the_command_line():
    assert PROJECT["project"]["scripts"] == {"mnephys": "mnephys.cli:main"}
    (script,) = metadata.entry_points(group="console_scripts", name="mnephys")
    assert callable(script.load())


def test_the_readme_has_exactly_two_marked_commands():
    assert text("README.md").count("-command -->") == 2
    commands = marked_commands()
    assert sorted(commands) == ["run-command", "test-command"]
    for command in commands.values():
        assert len(command.strip().splitlines()) == 1
    assert " demo" in commands["run-command"]
    assert ".[test]" in commands["test-command"]
    assert "pytest" in commands["test-command"]


def test_ci_is_there_and_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    for marker in ("run-command", "test-command"):
        assert f"marked {marker} " in text(".ci/run")


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "README.md"])
def test_documents_name_only_files_that_exist(name):
    for path in re.findall(r"`((?:mnephys|tests|examples|benchmarks|\.ci)/[\w./-]+)`", text(name)):
        assert (ROOT / path).exists(), path
