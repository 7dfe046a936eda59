"""The sources of settings, and how they are shown."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from columnist.errors import SettingsError
from columnist.settings import ENV_FILE, _masked, env_files, is_address, knobs, load_settings
from tests.processes import environment


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory of a person who works in a folder from somebody else."""
    for name in {*os.environ} - {*environment()}:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "data room").mkdir()
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "data room")
    monkeypatch.setenv("COLUMNIST_DATA_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "home"


def test_a_file_of_settings_in_the_working_directory_is_not_read(home: Path) -> None:
    Path(".env").write_text("OPENAI_BASE_URL=http://evil.example/v1\nCOLUMNIST_MODEL=theirs\n")
    assert (load_settings().openai_base_url, load_settings().model) == (None, "extractive")
    (home / ".env").write_text("COLUMNIST_MODEL=mine\n")
    assert load_settings().model == "mine"
    (source,) = [knob.source for knob in knobs(load_settings()) if knob.name == "COLUMNIST_MODEL"]
    assert source == str(home / ".env")


@pytest.mark.parametrize("content", [b"COLUMNIST_MODEL=na\xefve\n", None], ids=["no UTF-8", "unreadable"])
def test_a_file_of_settings_that_cannot_be_read_is_named(home: Path, content: bytes | None) -> None:
    file = home / ".env"
    if content is None:
        file.symlink_to("/proc/self/mem")
    else:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=f"{re.escape(str(file))} cannot be read as settings"):
        load_settings()


@pytest.mark.parametrize(
    ("url", "valid"),
    [
        ("http://localhost:8000/v1", True),
        ("https://user:word@host.example", True),
        ("http://[::1]:80", True),
        ("ftp://host", False),
        ("http://", False),
        ("http://[::1", False),
        ("http://host:99999", False),
        ("http://host:eight", False),
        ("host:8000", False),
    ],
)
def test_what_the_address_of_a_server_is(url: str, valid: bool) -> None:
    assert is_address(url) == valid


def test_the_configuration_directory_counts_less_than_the_data_directory(home: Path) -> None:
    config = env_files()[0]
    config.parent.mkdir(parents=True)
    config.write_text("COLUMNIST_MODEL=first\nCOLUMNIST_PORT=8001\n")
    (home / ".env").write_text("COLUMNIST_MODEL=second\n")
    assert (load_settings().model, load_settings().port) == ("second", 8001)


def test_the_file_that_the_command_line_names_is_read_and_no_other(home: Path, tmp_path: Path) -> None:
    (home / ".env").write_text("COLUMNIST_PORT=8001\n")
    named = tmp_path / "settings"
    named.write_text("COLUMNIST_MODEL=named\n")

    def columnist(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "columnist", *map(str, arguments)]
        return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)

    shown = columnist("--env-file", named, "settings").stdout
    assert "named" in shown
    assert "8001" not in shown
    refused = columnist("--env-file", tmp_path / "missing", "settings")
    assert (refused.returncode, "is no file" in refused.stderr) == (2, True)


def test_a_key_goes_to_no_server_that_another_place_names(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    assert load_settings().openai_api_key is not None
    (home / ".env").write_text("OPENAI_BASE_URL=http://llm.example/v1,http://other.example/v1\n")
    with pytest.raises(SettingsError, match="set both in one place") as refused:
        load_settings()
    assert "sk-mine" not in str(refused.value)
    (home / ".env").write_text("OPENAI_BASE_URL=http://llm.example/v1\nOPENAI_API_KEY=sk-of-it\n")
    monkeypatch.delenv("OPENAI_API_KEY")
    assert load_settings().openai_base_url == "http://llm.example/v1"
    monkeypatch.setenv(ENV_FILE, str(home / "none"))
    with pytest.raises(SettingsError, match="is no file"):
        load_settings()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql://u:pw@h/db", "postgresql://u:********@h/db"),
        ("postgresql://h/db?user=u&password=PGSECRET", "postgresql://h/db?user=u&password=********"),
        ("postgresql://h/db?user=u&p%61ssword=PGSECRET&x=1", "postgresql://h/db?user=u&p%61ssword=********&x=1"),
        ("https://llm.example/v1?api-key=K&api_version=2", "https://llm.example/v1?api-key=********&api_version=2"),
        ("postgresql://u:p%40w@h/db?sslpassword=S", "postgresql://u:********@h/db?sslpassword=********"),
        ("8000", "8000"),
        (
            "https://me:pw@one.example/v1,https://two.example/v1?api_key=k http://three.example/v1",
            "https://me:********@one.example/v1, https://two.example/v1?api_key=********, http://three.example/v1",
        ),
    ],
)
def test_no_password_and_no_key_is_shown(value: str, shown: str) -> None:
    assert _masked(value) == shown


def test_a_refused_secret_is_not_shown_either(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("COLUMNIST_JWT_SECRET", "too-short-JWTSECRET")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "COLUMNIST_JWT_SECRET" in str(refused.value) and "JWTSECRET'" not in str(refused.value)
    assert "too-short" not in str(refused.value)
