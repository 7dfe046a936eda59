"""The name of a download."""

import re
from urllib.parse import quote


def attachment(name: str) -> str:
    """The Content-Disposition of a file to save: its name in ASCII, for programs that read only that, as some versions
    of curl do, and as it is."""
    plain = re.sub(r'[^ -~]|["\\%/]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=utf-8''{quote(name, safe='')}"
