"""Docs that cannot drift: what they name exists, and what exists they name."""

import re
from pathlib import Path

import pytest
import yaml

from columnist.cli.main import app
from columnist.reviews.columns_file import parse_columns, read_columns
from columnist.reviews.model import Format
from columnist.settings import Settings, knob_names
from tests.conftest import ROOT

DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "examples" / "contracts" / "README.md"]


def test_every_setting_is_documented_with_its_default() -> None:
    text = (ROOT / "docs" / "running.md").read_text()
    for field, names in knob_names().items():
        info = Settings.model_fields[field]
        for name in names:
            assert f"`{name}`" in text
        if info.default not in (None, ()) and field != "data_dir":
            default = f"{info.default:g}" if isinstance(info.default, float) else str(info.default)
            assert f"`{names[0]}`" in text
            (row,) = [line for line in text.splitlines() if line.startswith(f"| `{names[0]}`")]
            assert f"| `{default}` |" in row
            assert (info.description or "") in row


def test_every_setting_that_the_docs_name_exists() -> None:
    known = {name for names in knob_names().values() for name in names}
    for file in [*DOCS, *(ROOT / "deploy").iterdir()]:
        named = set(re.findall(r"\b(?:COLUMNIST|TABULAR|OPENAI)_[A-Z_]+\b", file.read_text()))
        assert named <= known, file


@pytest.mark.parametrize("file", DOCS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", file.read_text()):
        assert target.startswith("http") or (file.parent / target).exists(), target


def test_the_readme_names_every_format_and_its_example_is_valid() -> None:
    text = (ROOT / "README.md").read_text()
    for form in Format.__args__:  # type: ignore[attr-defined]
        assert f"`{form}`" in text
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(parse_columns(yaml.safe_load(example), "README")) == 2


def test_the_example_columns_cover_every_format() -> None:
    columns = read_columns(ROOT / "examples" / "due-diligence.yaml")
    assert len(columns) == 10
    assert {column.format for column in columns} == set(Format.__args__)  # type: ignore[attr-defined]


def test_the_deployments_are_yaml_and_start_commands_that_exist() -> None:
    manifests = list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text()))
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    started = [
        container["args"][0]
        for one in manifests
        if one["kind"] == "Deployment"
        for container in one["spec"]["template"]["spec"]["containers"]
    ]
    started += [service["command"][0] for name, service in services.items() if name in ("server", "worker")]
    assert (
        set(started)
        == {"serve", "worker"}
        <= {command.callback.__name__ for command in app.registered_commands if command.callback}
    )


def test_nothing_names_a_registry_or_a_place_of_the_machine_it_was_made_on() -> None:
    for file in [*DOCS, *(ROOT / "src").rglob("*.py"), ROOT / "pyproject.toml", ROOT / "Makefile"]:
        text = file.read_text()
        assert "pypi.org" not in text
        assert "registry.npmjs" not in text
        assert "/work/" not in text
