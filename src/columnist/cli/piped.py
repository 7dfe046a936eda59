"""A file of answers that goes to standard output."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def on_standard_output(output: Path) -> Iterator[Path]:
    """The file to write: `output`, or for `-` and `-.json` one that is sent to standard output once it is complete."""
    if output.parent != Path() or output.name.removesuffix(output.suffix) != "-":
        yield output
        return
    with TemporaryDirectory() as folder:
        file = Path(folder, f"answers{output.suffix or '.csv'}")
        yield file
        if file.exists():
            try:
                with file.open("rb") as answers:
                    shutil.copyfileobj(answers, sys.stdout.buffer)
                sys.stdout.buffer.flush()
            except BrokenPipeError:  # such as `| head`: Python would complain again when it ends
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
