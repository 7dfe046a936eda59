"""Draws demo.svg: what `make demo` prints, recorded from a real run in a new installation."""

import asyncio
import tempfile
from pathlib import Path

from rich.console import Console

from columnist.cli.logs import configure_logs
from columnist.cli.run import run_grid
from columnist.settings import load_settings

ROOT = Path(__file__).parents[2]


def main() -> None:
    configure_logs("ERROR")
    # Not interactive: of a live bar only its end is recorded.
    console = Console(record=True, width=132, force_terminal=True, force_interactive=False)
    with tempfile.TemporaryDirectory(prefix="columnist-", ignore_cleanup_errors=True) as home:
        settings = load_settings().model_copy(update={"data_dir": Path(home), "database_url": None})
        files, questions = [ROOT / "examples" / "contracts"], ROOT / "examples" / "due-diligence.yaml"
        asyncio.run(run_grid(settings, files, questions, Path(home, "review.xlsx"), "Demo", None, console))
    console.save_svg(str(Path(__file__).with_name("demo.svg")), title="make demo")


if __name__ == "__main__":
    main()
