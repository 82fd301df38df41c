"""One name, many rooms: what no linter sees, checked over the whole house."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import metadata, packages_distributions
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from gis.domain.risk import models
from gis.files.passports import load_kinds, load_levels
from gis.workspace import DATA, ROOT

CODE = sorted(
    path for floor in ("gis", "webmap", "scripts") for path in ROOT.glob(f"{floor}/**/*.py")
)
MODELS = sorted(path.stem for path in Path(models.__path__[0]).glob("[a-z]*.py"))
KINDS = load_kinds(DATA / "sites")
README = (ROOT / "README.md").read_text("utf-8")


def relative(path: Path) -> str:
    """Return a path as people write it."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("model", MODELS)
def test_a_model_has_its_constants_its_page_and_its_golden_table(model: str) -> None:
    rooms = [f"data/methods/{model}.toml", f"tests/golden/{model}.csv"]
    rooms += [f"docs/methods/{model}{end}" for end in (".md", ".en.md")]
    assert [room for room in rooms if not (ROOT / room).is_file()] == []


def test_a_level_has_one_metric_system_with_all_others() -> None:
    assert len({level.metric_crs for level in load_levels(DATA / "boundaries").values()}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_its_demonstration_and_its_code_tables(kind: str) -> None:
    rooms = [f"data/sites/模拟_{kind}.geojson"] if KINDS[kind].registered else []
    rooms += [f"data/codes/{field.codes}.csv" for field in KINDS[kind].fields if field.codes]
    assert [room for room in rooms if not (ROOT / room).is_file()] == []


def test_the_floors_hold() -> None:
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    linted = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_no_code_asks_which_kind_this_is() -> None:
    question = re.compile(r"""\b(kind|slug)\s*[!=]==?\s*["'`]|["'`]\s*[!=]==?\s*\w*\.?kind\b""")
    scripts = ROOT.glob("webmap/static/js/**/*.js")
    asks = [
        f"{relative(path)}:{number}: {line.strip()}"
        for path in (*CODE, *scripts)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if question.search(line)
    ]
    assert asks == []


def test_packages_hold_a_docstring_only() -> None:
    packages = [path for path in CODE if path.name == "__init__.py"]
    bodies = {relative(path): ast.parse(path.read_text("utf-8")).body for path in packages}
    del bodies["webmap/__init__.py"]  # the factory
    assert {name for name, body in bodies.items() if len(body) != 1} == set()
    assert {name for name, body in bodies.items() if not isinstance(body[0], ast.Expr)} == set()


REQUIREMENTS = sorted(ROOT.glob("requirements*.txt"))


def requirements(path: Path) -> Iterator[str]:
    """Yield the lines that name a package."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return filter(None, lines)


def distribution(requirement: str) -> str:
    """Return the name of a package as the index compares it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[=]", requirement)[0]).lower()


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_requirement_is_pinned(path: Path) -> None:
    pinned = re.compile(r"[\w.-]+(\[\w+\])?==[\w.]+(; .+)?")
    assert [line for line in requirements(path) if not pinned.fullmatch(line)] == []


def test_a_package_has_the_same_version_in_every_list() -> None:
    lines = {line for path in REQUIREMENTS for line in requirements(path)}
    assert len({distribution(line) for line in lines}) == len(lines)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_every_pinned_package_runs_on_the_python_of_debian_12(name: str) -> None:
    for requirement in map(Requirement, requirements(ROOT / name)):
        if requirement.marker is None or requirement.marker.evaluate():
            needs = metadata(requirement.name)["Requires-Python"] or ""
            assert "3.11.2" in SpecifierSet(needs), requirement.name


def test_what_the_code_imports_is_what_requirements_say_it_does() -> None:
    started = {"babel", "gunicorn", "psycopg", "pysqlite3-binary"}
    text = (ROOT / "requirements.txt").read_text("utf-8")
    first_part = text.split("# What those need:")[0].splitlines()
    said = {distribution(line) for line in first_part if line and not line.startswith("#")}
    assert said - started == set(imported()) - started


def imported() -> Iterator[str]:
    """Yield the packages from the index whose modules the code imports."""
    owners = packages_distributions()
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                yield from map(distribution, owners.get(name.partition(".")[0], ()))


def test_the_lock_of_the_browser_libraries_names_no_host() -> None:
    folder = ROOT / "webmap/static/vendor"
    text = (folder / "package-lock.json").read_text("utf-8")
    assert "://" not in text
    locked = json.loads(text)["packages"]
    assert all("integrity" in entry for name, entry in locked.items() if name)
    asked = json.loads((folder / "package.json").read_text("utf-8"))["dependencies"]
    assert locked[""]["dependencies"] == asked


def test_no_registry_is_named_in_any_file_of_ours() -> None:
    hosts = re.compile(
        r"registry[.](npmjs|yarnpkg)|npmmirror[.]com|pypi[.]org|pythonhosted[.]org"
        r"|pypi[.]tuna|deb[.]debian|debian[.]org/debian"
    )
    names = [
        f"{name}: {found[0]}"
        for name in tracked()
        if (found := hosts.search((ROOT / name).read_text("utf-8", errors="replace")))
    ]
    assert names == []


def tracked() -> list[str]:
    """Return the files that git holds, or would hold."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = sorted(set(filter(None, listed.stdout.split("\0"))))
    return [name for name in names if (ROOT / name).is_file()]


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_a_readme_begins_with_the_two_commands(readme: str) -> None:
    first = (ROOT / readme).read_text("utf-8").splitlines()[:6]
    commands = [line.split("#")[0].strip() for line in first if line.startswith("    ")]
    assert commands == ["bash scripts/start", "bash scripts/test"]


def test_the_readme_has_every_setting_in_its_table() -> None:
    read = [*CODE, ROOT / "gunicorn.conf.py", ROOT / "scripts/start", ROOT / "scripts/install"]
    settings = {
        name for path in read for name in re.findall(r"RISKMAP_[A-Z_]+", path.read_text("utf-8"))
    }
    table = re.findall(r"^\| *`(RISKMAP_[A-Z_]+)`", README, re.MULTILINE)
    assert sorted(table) == sorted(settings)


def commands() -> dict[str, click.Command]:
    """Return every module of scripts that is a command, by name."""
    loaded = {
        path.stem: importlib.import_module(f"scripts.{path.stem}")
        for path in sorted(ROOT.glob("scripts/[a-z]*.py"))
    }
    return {name: module.main for name, module in loaded.items() if hasattr(module, "main")}


def test_every_command_explains_itself_and_is_in_the_readme() -> None:
    found = commands()
    assert {"make_demo", "load_demo", "import_sites", "export_layer"} <= set(found)
    for name, command in found.items():
        shown = CliRunner().invoke(command, ["--help"])
        assert shown.exit_code == 0, name
        assert command.help, f"{name} has no docstring"
        assert f"`{name}" in README, name


def test_a_command_starts_as_the_readme_says() -> None:
    command = [sys.executable, "-m", "scripts.export_layer", "--help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "as FORMAT to OUT" in shown.stdout, shown.stderr
