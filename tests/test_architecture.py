"""The order of the rooms, and what no module may do, read from the code itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAX_LINES = 500

# From the top of the drawing to its bottom. A room imports itself and what stands in a line below its own;
# rooms of one line stand side by side. "" is `import mnephys` itself, which reaches everything but the command line.
ORDER = (
    ("__main__",),
    ("cli",),
    ("",),
    ("review",),
    ("report",),
    ("plot",),
    ("export",),
    ("batch",),
    ("pipeline",),
    ("evidence",),
    ("maturity",),
    ("patch", "mea"),
    ("samples",),
    ("readers", "simulate"),
    ("summary",),
    ("measurement",),
    ("recording",),
    ("units",),
    ("atomic",),
    ("errors",),
    ("wording",),
    ("_version",),
)
RANK = {room: -line for line, rooms in enumerate(ORDER) for room in rooms}
SIDE_BY_SIDE = frozenset({"readers", "patch", "mea", "maturity", "plot", "simulate"})

# Who may import what, by the beginning of the imported name; the longest beginning counts.
NOBODY = r"(?!)"
ALLOWED = {
    "numba": NOBODY,
    "pickle": NOBODY,
    "cloudpickle": NOBODY,
    "dill": NOBODY,
    "joblib": NOBODY,
    "marshal": NOBODY,
    "shelve": NOBODY,
    "quantities": r"mnephys/units\.py",
    "neo": r".*/(from_neo|to_neo)\.py",
    "neo.io": NOBODY,
    # The base of neo's readers; choosing one by the extension of a file is what may not happen.
    "neo.io.basefromrawio": r".*/(plate_rawio|neo_io)\.py",
    "neo.get_io": NOBODY,
    "neo.rawio": r"mnephys/readers/.*",
    "neo.rawio.baserawio": r".*_rawio\.py",
    "importlib.import_module": r"mnephys/(__init__|cli/.*)\.py|mnephys/cli\.py",
}
FORBIDDEN_CALLS = frozenset({"eval", "exec", "compile", "__import__"})
FORBIDDEN_KEYWORDS = frozenset({"allow_pickle", "shell"})
FORBIDDEN_ATTRIBUTES = frozenset({"neo.io", "neo.get_io", "neo.list_candidate_ios", "os.system", "os.popen"})


def sources() -> dict[str, str]:
    """Return the text of every module by its path below the repository."""
    files = sorted((ROOT / "mnephys").rglob("*.py"))
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported_names(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything imported anywhere in a module, also inside functions."""
    package = module_name(path).split(".")
    if not path.endswith("__init__.py"):
        package = package[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def room_of(name: str) -> str | None:
    """Return the room that a full name belongs to; None for other packages."""
    parts = name.split(".")
    if parts[0] != "mnephys":
        return None
    room = parts[1] if len(parts) > 1 else ""
    # `from mnephys import read` goes through the package itself, `from mnephys import atomic` does not.
    return room if len(parts) > 2 or room in RANK else ""


def order_faults(files: Mapping[str, str]) -> list[str]:
    """Return one line for every import that runs up or sideways."""
    faults = []
    for path, text in files.items():
        name = module_name(path)
        room = name.split(".")[1] if "." in name else ""
        if room not in RANK:
            faults.append(f"{path}:1: {room} has no place in the order of the rooms")
            continue
        for line, target in imported_names(path, ast.parse(text)):
            other = room_of(target)
            if other is None or other == room:
                continue
            if other not in RANK:
                faults.append(f"{path}:{line}: {other} has no place in the order of the rooms")
            elif RANK[other] >= RANK[room]:
                faults.append(f"{path}:{line}: {room or 'mnephys'} imports {other or 'mnephys'}, which is not below it")
            elif {room, other} <= SIDE_BY_SIDE:
                faults.append(f"{path}:{line}: {room} imports {other}, which stands beside it")
    return list(dict.fromkeys(faults))


def cycle(files: Mapping[str, str]) -> list[str]:
    """Return the modules of a circle of imports, empty if there is none."""
    modules = {module_name(path) for path in files}
    graph: dict[str, set[str]] = {}
    for path, text in files.items():
        targets = [name for _, name in imported_names(path, ast.parse(text))]
        found = {name if name in modules else name.rpartition(".")[0] for name in targets} & modules
        graph[module_name(path)] = found - {module_name(path)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [str(name) for name in error.args[1]]
    return []


def conduct_faults(files: Mapping[str, str]) -> list[str]:
    """Return one line for everything that no module, or not this module, may do."""
    faults = []
    for path, text in files.items():
        tree = ast.parse(text)
        found = [*import_faults(path, tree), *statement_faults(path, tree)]
        if (n_lines := len(text.splitlines())) > MAX_LINES:
            found.append((n_lines, f"is longer than {MAX_LINES} lines"))
        faults += [f"{path}:{line}: {what}" for line, what in sorted(found)]
    return list(dict.fromkeys(faults))


def import_faults(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    for line, name in imported_names(path, tree):
        rules = [start for start in ALLOWED if f"{name}.".startswith(f"{start}.")]
        if rules and not re.fullmatch(ALLOWED[max(rules, key=len)], path):
            yield line, f"imports {name}"


def statement_faults(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    speaks = path.startswith("mnephys/cli")
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.ExceptHandler(type=None):
                yield line, "bare except"
            case ast.Global():
                yield line, "module-level state"
            case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_CALLS or (name == "print" and not speaks):
                yield line, f"calls {name}"
            case ast.Raise(exc=ast.Name(id="Exception") | ast.Call(func=ast.Name(id="Exception"))):
                yield line, "raises Exception"
            case ast.keyword(arg=str(name), value=ast.Constant(value=True)) if name in FORBIDDEN_KEYWORDS:
                yield node.value.lineno, f"sets {name}"
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                if f"{owner}.{name}" in FORBIDDEN_ATTRIBUTES:
                    yield line, f"uses {owner}.{name}"
                if f"{owner}.{name}" in {"sys.stdout", "sys.stderr"} and not speaks:
                    yield line, f"speaks through {owner}.{name}"


def test_no_import_runs_up_or_sideways():
    assert order_faults(sources()) == []


def test_no_imports_go_in_a_circle():
    assert cycle(sources()) == []


def test_no_module_does_what_none_may_do():
    assert conduct_faults(sources()) == []


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("mnephys/units.py", "x = 1\nfrom mnephys import patch\n", ":2: units imports patch, which is not below it"),
        ("mnephys/errors.py", "def f():\n    import mnephys.units\n", ":2: errors imports units, which is not below"),
        ("mnephys/recording.py", "from .measurement import Status\n", ":1: recording imports measurement, which"),
        ("mnephys/patch/steps.py", "from ..pipeline import extract\n", ":1: patch imports pipeline, which is not"),
        ("mnephys/patch/steps.py", "from .. import maturity\n", ":1: patch imports maturity, which is not below it"),
        ("mnephys/patch/__init__.py", "from ..cli.main import x\n", ":1: patch imports cli, which is not below it"),
        ("mnephys/patch/steps.py", "from mnephys import read\n", ":1: patch imports mnephys, which is not below it"),
        ("mnephys/patch/steps.py", "import mnephys\n", ":1: patch imports mnephys, which is not below it"),
        ("mnephys/patch/steps.py", "from mnephys.mea import x\n", ":1: patch imports mea, which is not below it"),
        (
            "mnephys/patch/steps.py",
            "import mnephys.readers.abf.reading\n",
            ":1: patch imports readers, which stands beside it",
        ),
        (
            "mnephys/plot/traces.py",
            "from mnephys.maturity import x\n",
            ":1: plot imports maturity, which stands beside",
        ),
        (
            "mnephys/maturity/score.py",
            "from mnephys.simulate import x\n",
            ":1: maturity imports simulate, which stands",
        ),
        ("mnephys/__init__.py", "from mnephys.cli import main\n", ":1: mnephys imports cli, which is not below it"),
        ("mnephys/atomic.py", "from mnephys.units import unit\n", ":1: atomic imports units, which is not below it"),
        ("mnephys/cellar.py", "x = 1\n", ":1: cellar has no place in the order of the rooms"),
        (
            "mnephys/cli/main.py",
            "from mnephys.cellar.x import y\n",
            ":1: cellar has no place in the order of the rooms",
        ),
    ],
)
def test_a_wrong_import_is_found_with_file_and_line(path, text, fault):
    (found,) = order_faults({path: text})
    assert found.startswith(path + fault)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mnephys/cli/main.py", "import mnephys\nfrom mnephys.report import write\n"),
        ("mnephys/pipeline.py", "from mnephys.patch import firing\nfrom mnephys.maturity import score_cell\n"),
        ("mnephys/patch/steps.py", "from mnephys.patch.segments import x\nfrom mnephys.errors import ReadError\n"),
        ("mnephys/report/view.py", "from mnephys import atomic, plot\nimport numpy\n"),
        ("mnephys/mea/bursts.py", "from ..recording import SpikeTrains\n"),
        ("mnephys/review/page.py", "from mnephys.batch import run\n"),
    ],
)
def test_a_right_import_is_let_through(path, text):
    assert order_faults({path: text}) == []


def test_a_circle_is_found():
    files = {
        "mnephys/patch/a.py": "from mnephys.patch import b\n",
        "mnephys/patch/b.py": "def f():\n    from .c import x\n",
        "mnephys/patch/c.py": "from mnephys.patch.a import y\n",
    }
    assert set(cycle(files)) == {"mnephys.patch.a", "mnephys.patch.b", "mnephys.patch.c"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("import numba\n", "imports numba"),
        ("from numba import njit\n", "imports numba.njit"),
        ("def f():\n    import pickle\n", "imports pickle"),
        ("from neo.io import AxonIO\n", "imports neo.io.AxonIO"),
        ("import neo.io.axonio\n", "imports neo.io.axonio"),
        ("from neo import io\n", "imports neo.io"),
        ("from neo import get_io\n", "imports neo.get_io"),
        ("from neo.rawio import AxonRawIO\n", "imports neo.rawio.AxonRawIO"),
        ("from neo import Segment\n", "imports neo.Segment"),
        ("import quantities as pq\n", "imports quantities"),
        ("from importlib import import_module\n", "imports importlib.import_module"),
        ("x = eval('1')\n", "calls eval"),
        ("exec('x = 1')\n", "calls exec"),
        ("print('x')\n", "calls print"),
        ("import sys\nsys.stderr.write('x')\n", "speaks through sys.stderr"),
        ("try:\n    x = 1\nexcept:\n    pass\n", "bare except"),
        ("raise Exception('x')\n", "raises Exception"),
        ("x = 1\ndef f():\n    global x\n    x = 2\n", "module-level state"),
        ("load('x', allow_pickle=True)\n", "sets allow_pickle"),
        ("run('x', shell=True)\n", "sets shell"),
        ("x = neo.io\n", "uses neo.io"),
        ("x = 1\n" * (MAX_LINES + 1), f"is longer than {MAX_LINES} lines"),
    ],
)
def test_what_none_may_do_is_found(text, fault):
    (found,) = conduct_faults({"mnephys/patch/steps.py": text})
    assert found.endswith(f": {fault}")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mnephys/units.py", "import quantities\n"),
        ("mnephys/readers/abf/reading.py", "from neo.rawio import AxonRawIO\n"),
        ("mnephys/readers/from_neo.py", "import neo\n"),
        ("mnephys/export/to_neo.py", "from neo import Block\n"),
        ("mnephys/__init__.py", "from importlib import import_module\n"),
        ("mnephys/cli/main.py", "import sys\nprint('x', file=sys.stderr)\n"),
        ("mnephys/maturity/rubric.py", "from importlib import resources\nx = re.compile('a')\nrun(shell=False)\n"),
        ("mnephys/patch/steps.py", "x = 1\n" * MAX_LINES),
    ],
)
def test_what_is_allowed_here_is_let_through(path, text):
    assert conduct_faults({path: text}) == []


# --- what is loaded when ---

HEAVY = frozenset({"numpy", "scipy", "pandas", "neo", "matplotlib", "elephant", "quantities", "h5py", "jinja2", "tqdm"})


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    return done


def loaded(code: str) -> set[str]:
    """Return the names of all modules that some code loads in a new interpreter."""
    return set(run("-c", f"{code}\nimport sys\nsys.stdout.write('\\n' + ' '.join(sys.modules))").stdout.split())


def foreign(modules: set[str]) -> set[str]:
    """Return the packages that belong neither to Python nor to the environment's own start-up."""
    started = {name.partition(".")[0] for name in loaded("pass")}
    return {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names) - started - {"mnephys"}


def test_the_package_loads_no_other_package():
    assert foreign(loaded("import mnephys")) == set()


def test_the_command_line_loads_click_alone():
    modules = loaded("import mnephys.cli")
    assert "mnephys.cli" in modules
    assert foreign(modules) == {"click"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["score", "--help"]])
def test_help_loads_nothing_heavy(arguments):
    done = run("-X", "importtime", "-m", "mnephys", *arguments)
    assert done.stdout
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in names
    assert names & HEAVY == set()


def test_every_public_name_is_reached_through_the_package():
    code = "import mnephys\nfor name in mnephys.__all__: assert getattr(mnephys, name) is not None, name"
    assert "numpy" in loaded(code)


def test_analysis_waits_with_what_is_slow_to_load():
    rooms = ["pipeline", "readers", "patch", "maturity", "measurement", "recording", "units", "errors"]
    modules = loaded("import " + ", ".join(f"mnephys.{room}" for room in rooms))
    slow = {"pandas", "matplotlib", "elephant", "neo", "quantities", "scipy.signal", "scipy.stats", "jinja2"}
    assert modules & slow == set()


def test_files_are_written_atomically_or_not_at_all():
    """Only `mnephys.atomic` writes; sqlite keeps its own file whole."""
    for path in sorted((ROOT / "mnephys").rglob("*.py")):
        if path.name == "atomic.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            modes = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            writes = called == "open" and any(set(mode) & set("wax+") and len(mode) <= 3 for mode in modes)
            method = called in {"write_text", "write_bytes", "savefig"} and isinstance(node.func, ast.Attribute)
            in_memory = called == "savefig" and "report" in path.parts
            assert not writes, f"{path}:{node.lineno}: opens a file to write"
            assert not method or in_memory, f"{path}:{node.lineno}: {called}"
