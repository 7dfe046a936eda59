"""Cookies as credentials: their names, and the requests in which they count."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from columnist.errors import ForbiddenError

if TYPE_CHECKING:
    from starlette.responses import Response

READING = {"GET", "HEAD", "OPTIONS"}


def parts_of(url: str) -> SplitResult:
    """The parts of a URL; empty for text that is no URL, such as `http://[`."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def require_own_page(method: str, headers: Mapping[str, str]) -> None:
    """Raises ForbiddenError for a change that does not come from a page of this server. A browser sends its cookies
    along with the origin of the page; a page of another site cannot change that header."""
    if method in READING:
        return
    site, origin = headers.get("sec-fetch-site"), headers.get("origin", "")
    # Over plain HTTP browsers send the origin only.
    own = site == "same-origin" if site else bool(origin) and parts_of(origin).netloc == headers.get("host")
    if not own:
        raise ForbiddenError(
            "The request does not come from a page of this server. Programs use an API token instead of a cookie."
        )


class Cookie:
    """A cookie that no script reads. Where the page is opened over HTTPS it is `__Host-name`, which no other host can
    set. `same_site`: whether a link on another site takes it along (lax) or not (strict)."""

    def __init__(self, name: str, seconds: int, *, https_only: bool = False, same_site: str = "strict") -> None:
        self._names = (f"__Host-{name}",) if https_only else (f"__Host-{name}", name)
        self._name, self._seconds, self._same_site = name, seconds, same_site

    def read(self, headers: Mapping[str, str]) -> str:
        """Its value in a request; "" if there is none."""
        from starlette.requests import cookie_parser  # the client loads this module and does not need starlette

        found = cookie_parser(headers.get("cookie", ""))
        return next((found[name] for name in self._names if name in found), "")

    def write(self, response: "Response", value: str, *, https: bool) -> None:
        """Let the browser keep a value, or with "" forget it."""
        name = f"__Host-{self._name}" if https else self._name
        secure = "; Secure" if https else ""
        response.headers.append(
            "set-cookie",
            f"{name}={value}; Path=/; Max-Age={self._seconds if value else 0}; HttpOnly; "
            f"SameSite={self._same_site.title()}{secure}",
        )
