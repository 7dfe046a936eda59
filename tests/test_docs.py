"""Docs that cannot drift: what they name exists, and they name everything that exists."""

import re
from pathlib import Path

import pytest
import typer
import yaml

from columnist.reviews.columns_file import read_columns
from columnist.reviews.model import Format
from columnist.settings import knob_names
from docs.tables import command_line, written
from tests.conftest import ROOT
from tests.test_imports import ORDER

DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
of_docs = pytest.mark.parametrize("file", DOCS, ids=lambda file: str(file.relative_to(ROOT)))

WIDTH = 120
SPELLINGS = {
    "analyze": "analyse",
    "behavior": "behaviour",
    "canceled": "cancelled",
    "canceling": "cancelling",
    "color": "colour",
    "favor": "favour",
    "initialize": "initialise",
    "labeled": "labelled",
    "normalize": "normalise",
    "organization": "organisation",
    "recognize": "recognise",
    "whoever": "anyone who",
    "of one's own": "your own",
}


def test_the_tables_that_are_made_from_the_code_are_in_step() -> None:
    for path, text in written().items():
        assert path.read_text(encoding="utf-8") == text, "make docs"


def test_every_setting_that_the_docs_name_exists() -> None:
    known = {name for names in knob_names().values() for name in names}
    for file in [*DOCS, *(ROOT / "deploy").iterdir()]:
        named = set(re.findall(r"\b(?:COLUMNIST|TABULAR|OPENAI)_[A-Z_]+\b", file.read_text()))
        assert named <= known, file


@of_docs
def test_every_link_leads_somewhere(file: Path) -> None:
    for target, heading in re.findall(r"\]\(([^)#]*)(?:#([^)]+))?\)", file.read_text()):
        if not target.startswith("http"):
            path = file.parent / target if target else file
            assert path.exists(), target
            assert not heading or heading in _headings(path), f"{target}#{heading}"


def _headings(file: Path) -> set[str]:
    """Headings as links write them: in lower case, spaces as hyphens, without punctuation."""
    titles = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@of_docs
def test_every_file_and_test_that_is_named_exists(file: Path) -> None:
    text = file.read_text()
    if file.name == "CHANGELOG.md":  # it is about the past
        return
    for name in re.findall(r"`((?:src|tests|docs|web|deploy|bench|examples|requirements)/[\w./@-]+)`", text):
        assert (ROOT / name).exists(), name
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for name in re.findall(r"`(test_\w+)`", text):
        assert f"def {name}(" in tests, name


@of_docs
def test_every_command_option_and_make_target_that_is_named_exists(file: Path) -> None:
    known = command_line()
    groups = {name.split()[0] for name in known}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for code in [*re.findall(r"`([^`\n]+)`", file.read_text()), *_code_lines(file)]:
        if make := re.match(r"make ([a-z-]+)", code):
            assert make[1] in targets, code
        command = re.search(
            r"(?:^|[ /(])columnist ((?!-)[a-z]+(?: (?:list|show|cancel|resume|retry|run|compare|repeat|first)\b)?)(.*)",
            code,
        )
        if not command or re.match(r"(docker|kubectl|cp|useradd|POSTGRES_PASSWORD)\b", code):
            continue
        assert command[1].split()[0] in groups, code
        name = command[1] if command[1] in known else {"eval": "eval run"}.get(command[1], "")
        if name:
            assert _options(command[2]) <= options_of(known[name]), code


def _options(code: str) -> set[str]:
    return set(re.findall(r"(?<= )--[a-z-]+", code))


def options_of(command: typer.core.TyperCommand) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts} | {"--help"}


@pytest.mark.parametrize(("name", "command"), command_line().items(), ids=command_line())
def test_the_help_of_every_command_has_an_example_of_it(name: str, command: typer.core.TyperCommand) -> None:
    example = re.match(rf"Example: (?:[A-Z_]+=\S+ )*columnist {name}\b([^,(]*)", command.epilog or "")
    assert example, command.epilog
    assert _options(example[1].split("\n")[0]) <= options_of(command), command.epilog


def _code_lines(file: Path) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", file.read_text(), re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]


@of_docs
def test_lines_are_of_one_width_and_words_of_one_spelling(file: Path) -> None:
    in_code = False
    for number, line in enumerate(file.read_text().splitlines(), 1):
        in_code ^= line.strip().startswith("```")
        if in_code or line.strip().startswith(("|", "![", "```")):
            continue
        assert len(line) <= WIDTH, f"{file.name}:{number} has {len(line)} characters"
        prose = re.sub(r"`[^`]*`|\]\([^)]*\)", "", line.lower())
        for word, better in SPELLINGS.items():
            assert not re.search(rf"\b{word}", prose), f"{file.name}:{number}: {better}, not {word}"


def test_the_packages_of_the_architecture_are_those_of_the_import_order() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    table = text.split("## Packages")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == ORDER


def test_a_dozen_questions_of_newcomers_have_one_file_each() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| (.+\?.*) \| (.+) \|$", text.split("## Where is it?")[1].split("\n## ")[0], re.MULTILINE)
    assert len(rows) >= 12
    for question, answer in rows:
        assert re.fullmatch(r"\[[\w.]+\]\(\.\./src/[\w./]+\)", answer), question


def test_the_readme_names_every_format() -> None:
    text = (ROOT / "README.md").read_text()
    for form in Format.__args__:  # type: ignore[attr-defined]
        assert f"`{form}`" in text


def test_the_example_columns_cover_every_format() -> None:
    columns = read_columns(ROOT / "examples" / "due-diligence.yaml")
    assert len(columns) == 10
    assert {column.format for column in columns} == set(Format.__args__)  # type: ignore[attr-defined]


def test_the_deployments_are_yaml_and_start_commands_that_exist() -> None:
    manifests = list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text()))
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    pods = [manifest["spec"]["template"]["spec"] for manifest in manifests if manifest["kind"] == "Deployment"]
    containers = [one for pod in pods for one in (*pod.get("initContainers", ()), *pod["containers"])]
    started = [container["args"][0] for container in containers]
    started += [service["command"][0] for name, service in services.items() if name in ("server", "worker")]
    assert set(started) == {"serve", "worker", "migrate"} <= command_line().keys()


def test_only_what_migrates_gets_the_login_that_owns_the_schema() -> None:
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    owns = {name for name, service in services.items() if "COLUMNIST_MIGRATION_URL" in service.get("environment", {})}
    assert owns == {name for name, service in services.items() if service.get("command") == ["migrate"]} == {"migrate"}
    manifests = yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text())
    pods = [manifest["spec"]["template"]["spec"] for manifest in manifests if manifest["kind"] == "Deployment"]
    for container in (one for pod in pods for one in (*pod.get("initContainers", ()), *pod["containers"])):
        secrets = {source["secretRef"]["name"] for source in container["envFrom"] if "secretRef" in source}
        assert ("columnist-migration" in secrets) == (container["args"] == ["migrate"])
    for unit in (ROOT / "deploy").glob("*.service"):
        text = unit.read_text()
        assert ("EnvironmentFile=-/etc/columnist-migration.env" in text) == ("columnist migrate\n" in text)


def test_nothing_names_a_registry_or_a_place_of_the_machine_it_was_made_on() -> None:
    files = [*DOCS, *(ROOT / "src").rglob("*.py"), ROOT / "pyproject.toml", ROOT / "Makefile"]
    for file in [*files, *(ROOT / "requirements").iterdir(), *(ROOT / ".github").rglob("*.yaml")]:
        text = file.read_text()
        assert "pypi.org" not in text
        assert "registry.npmjs" not in text
        assert "/work/" not in text
