"""A package's promises to its users: declared dependencies, current locks, types."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
OURS = {"columnist", "tests", "bench", "docs", "hatch_build"}


def declared(*extras: str) -> list[Requirement]:
    """The dependencies, with those of extras and of the extras that these name."""
    found = []
    for line in [*PROJECT["dependencies"], *(line for extra in extras for line in EXTRAS[extra])]:
        requirement = Requirement(line)
        found += declared(*requirement.extras) if requirement.name == "columnist" else [requirement]
    return found


def needed(requirements: Iterable[Requirement]) -> set[str]:
    """The distributions that are installed for these, with their own dependencies."""
    found: set[str] = set()
    open_ends = [(one, "") for one in requirements]
    while open_ends:
        one, extra = open_ends.pop()
        if one.marker and not one.marker.evaluate({"extra": extra}):
            continue
        lines = distribution(one.name).requires or []
        of_extras = {*one.extras, ""} if one.name not in found else one.extras
        found.add(one.name)
        open_ends += [(Requirement(line), name) for name in of_extras for line in lines]
    return found


RUN_BY_VLLM = ROOT / "tests" / "vllm" / "prepare.py"
"""The files that run in the Python of `make vllm`, which has other packages."""


def imported(folder: str) -> dict[str, Path]:
    """The top-level modules that the Python files of a folder import, each with one file that does."""
    found: dict[str, Path] = {}
    for file in (ROOT / folder).rglob("*.py"):
        if file == RUN_BY_VLLM:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0]: file for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found[node.module.split(".")[0]] = file
    return {name: file for name, file in found.items() if name not in sys.stdlib_module_names | OURS}


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("src", ["frames", "local", "ocr", "otel", "s3"]),
        ("tests", ["dev"]),
        ("bench", ["dev", "bench"]),
        ("docs", ["dev"]),
    ],
)
def test_whatever_is_imported_is_declared(folder: str, extras: list[str]) -> None:
    names = {canonicalize_name(requirement.name) for requirement in declared(*extras)}
    distributions = packages_distributions()
    for module, file in imported(folder).items():
        providers = {canonicalize_name(name) for name in distributions.get(module, [module])}
        assert providers & names, f"{file.relative_to(ROOT)} imports {module}, which pyproject.toml does not declare"


def locked(file: str) -> dict[str, list[str]]:
    """Package → the versions that a lock allows, one for each range of Python versions."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^(\S+)==(\S+)", (ROOT / "requirements" / file).read_text(), re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


@pytest.mark.parametrize(("file", "extras"), [("dev.txt", ["dev"]), ("image.txt", ["s3", "otel", "ocr"])])
def test_a_lock_is_in_step_with_the_declared_dependencies(file: str, extras: list[str]) -> None:
    lock = locked(file)
    for requirement in declared(*extras):
        versions = lock.get(canonicalize_name(requirement.name), [])
        assert versions, f"requirements/{file} lacks {requirement.name}: make lock"
        assert all(requirement.specifier.contains(version, prereleases=True) for version in versions), (
            f"requirements/{file} has {requirement.name} {versions}: make lock"
        )


def test_the_image_and_its_build_have_the_versions_that_are_tested() -> None:
    tested = locked("dev.txt")
    for file in ("image.txt", "build.txt"):
        assert {name: versions for name, versions in locked(file).items() if tested.get(name) != versions} == {}


def test_every_locked_file_has_a_hash_and_no_index_is_named() -> None:
    for lock in (ROOT / "requirements").iterdir():
        text = lock.read_text()
        entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
        assert all("--hash=sha256:" in entry for entry in entries)
        assert "://" not in text


AS_A_USER = "/tmp/clean/bin/pip install dist/columnist-*.whl"
"""CI's trial of the wheel, which takes what a user's installation takes."""


def test_what_images_wheels_and_ci_install_is_locked() -> None:
    files = [*(ROOT / ".github" / "workflows").iterdir(), ROOT / ".ci" / "run", ROOT / "deploy" / "Dockerfile"]
    rule = (ROOT / "Makefile").read_text().partition("\n.venv/dev:")[2].partition("\n\n")[0]
    text = "\n".join([rule, *(file.read_text() for file in files)])
    installs = re.findall(r"(?i).*\b(?:pipx?|uv)\b.* (?:install|run|wheel|download) .*", text)
    assert len(installs) > 10
    free = [line for line in installs if "--require-hashes" not in line and not re.search(r"--no-deps .*\.$", line)]
    assert [line.strip() for line in free] == [AS_A_USER]
    assert '("ci", "--ignore-scripts"' in (ROOT / "hatch_build.py").read_text()


def test_what_is_run_in_production_names_its_version() -> None:
    compose = (ROOT / "deploy" / "compose.yaml").read_text()
    images = re.findall(r"image: (\S+)", compose) + re.findall(
        r"^FROM (\S+)", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE
    )
    assert {image for image in images if ":" not in image or image.endswith(":latest")} == {"columnist"}


def test_each_lock_is_audited_every_week_and_a_release_lists_its_packages() -> None:
    workflows = ROOT / ".github" / "workflows"
    audit = yaml.safe_load((workflows / "audit.yaml").read_text())
    assert audit[True]["schedule"], "`on` is a boolean of YAML 1.1"
    locks = audit["jobs"]["packages"]["strategy"]["matrix"]["lock"]
    assert {f"{lock}.txt" for lock in locks} == {file.name for file in (ROOT / "requirements").iterdir()}
    release = yaml.safe_load((workflows / "release.yaml").read_text())
    steps = " ".join(step.get("run", "") for step in release["jobs"]["release"]["steps"])
    assert "requirements/image.txt" in steps
    assert steps.count("dist/sbom.json") == 2, "it is made, and attached"


def test_a_users_mypy_sees_the_types_of_the_client(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("""\
import columnist

with columnist.Client("http://127.0.0.1:8000") as client:
    reveal_type(client)
    client.reviews.create(1)
""")
    settings = tmp_path / "mypy.ini"  # only the client is checked: its dependencies would take half a minute
    settings.write_text("[mypy]\nfollow_imports = skip\n[mypy-columnist,columnist.client.*]\nfollow_imports = silent\n")
    command = [sys.executable, "-m", "mypy", "--config-file", str(settings), str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "untyped" not in done.stdout
    assert re.search(r'Revealed type is "columnist\.client\.[\w.]*Client"', done.stdout)
    assert 'has incompatible type "int"; expected "str"' in done.stdout


LARGEST_INSTALLATION = 250e6


def test_an_installation_without_extras_is_small() -> None:
    sizes = {}
    for name in needed(declared()):
        files = [Path(file.locate()) for file in distribution(name).files or ()]
        sizes[name] = sum(file.stat().st_size for file in files if file.exists())
    assert len(sizes) > len(declared())
    assert sum(sizes.values()) < LARGEST_INSTALLATION, sorted(sizes.items(), key=lambda one: -one[1])[:10]
