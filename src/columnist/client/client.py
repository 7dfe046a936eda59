"""`Client`: a server, from the view of one user."""

from types import TracebackType
from typing import Self
from uuid import UUID

from columnist.api.models import Me
from columnist.client.account import Tokens
from columnist.client.jobs import Jobs
from columnist.client.reviews import Reviews
from columnist.client.templates import Templates
from columnist.client.transport import Transport
from columnist.documents.store import Document


class Client:
    """A server, as one user sees it. Usable from several threads.

    `token`: an API token or a JWT; for a server on this machine without sign-in, default is the token of its data
    directory (COLUMNIST_DATA_DIR). `timeout`: seconds that the server may be silent within one request.
    `retry_seconds`: for how long a request is repeated, if that is safe.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        token: str | None = None,
        timeout: float = 60,
        retry_seconds: float = 60,
    ) -> None:
        self.transport = Transport(base_url, token, timeout, retry_seconds)
        self.base_url = self.transport.base_url
        self.reviews = Reviews(self.transport)
        self.jobs = Jobs(self.transport)
        self.templates = Templates(self.transport)
        self.tokens = Tokens(self.transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; a thread that waits for the server stops waiting."""
        self.transport.close()

    def me(self) -> Me:
        """The signed-in user, and what the server says about itself."""
        return self.transport.read(Me, "/me")

    def document(self, document_id: UUID) -> Document:
        """A document, and how it was read (`how_read` is a sentence). Raises NotFoundError."""
        return self.transport.read(Document, f"/documents/{document_id}")
