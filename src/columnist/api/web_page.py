"""The page: files that the build made from `web/`, with a Content-Security-Policy that permits nothing else."""

import secrets
from html import escape
from importlib import resources
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from columnist.errors import NotFoundError

FOLDER = Path(str(resources.files("columnist"))) / "page"

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_NOT_BUILT = """\
<!doctype html><html lang="en"><title>Columnist</title><p>The API runs, and the page is not built: a wheel has it, and
in a working copy <code>make page</code> builds it.</p>"""

READS = ["GET", "HEAD"]
"""Many monitors of a site send HEAD."""

router = APIRouter(include_in_schema=False)


class _Assets(StaticFiles):
    """Cached for ever: the name of an asset changes with its content."""

    def file_response(self, *args: object, **options: object) -> Response:
        response = super().file_response(*args, **options)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def add_page(app: FastAPI) -> None:
    """Serve the page at `/`, at every path that it has a screen for, and its assets."""
    app.mount("/assets", _Assets(directory=FOLDER / "assets", check_dir=False))
    app.include_router(router)


@router.api_route("/favicon.svg", methods=READS)
@router.api_route("/start.js", methods=READS)
async def fixed(request: Request) -> Response:
    """The files with the same address in every version: the icon in the browser's tab, and the first script."""
    file = FOLDER / Path(request.url.path).name
    if not file.exists():
        raise NotFoundError("The page is not built.")
    return FileResponse(file, headers={"Cache-Control": "no-cache"})


@router.api_route("/", methods=READS)
@router.api_route("/reviews/{rest:path}", methods=READS)
async def page(request: Request, token: Annotated[str, Query()] = "") -> Response:
    """The page's HTML. Its head contains what the page needs to know before sign-in. On a server without sign-in the
    token of the printed link becomes a cookie, and is removed from the address."""
    redirect = RedirectResponse(request.url.path, 303)
    if token and await request.app.state.gate.authenticator.opens(token, redirect):
        return redirect
    file = FOLDER / "index.html"
    if not file.exists():
        return HTMLResponse(_NOT_BUILT, 503)
    nonce = secrets.token_urlsafe(16)
    prefix = request.scope.get("root_path", "")
    html = file.read_text(encoding="utf-8").replace('="./', f'="{prefix}/')  # each screen has another path
    known = {
        "BASE": prefix,
        "NONCE": nonce,
        "SIGN_IN": " ".join(request.app.state.gate.authenticator.ways),
        "SIGN_IN_URL": request.app.state.process.settings.sign_in_url or "",
    }
    for name, value in known.items():
        html = html.replace(f"%{name}%", escape(value, quote=True))
    return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY.format(nonce=nonce)})


@router.api_route("/{mistyped}", methods=READS)
async def elsewhere(request: Request, token: Annotated[str, Query()] = "") -> Response:
    """Any other address: the page says that nothing is there, and offers a way on."""
    answer = await page(request, token)
    if answer.status_code == 200:
        answer.status_code = 404
    return answer
