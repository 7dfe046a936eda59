"""The HTTP API from Python: `Client`, and its reviews, jobs and cells.

    with columnist.Client("http://127.0.0.1:8000") as client:
        review = client.reviews.create("Leases", columns="lease.yaml", documents=["leases/"])
        review.generate().wait(progress=True)
        review.export("leases.xlsx")

Requests that are safe to repeat (reading, and everything with an idempotency key: upload and generate) are repeated
while the server is away, so a restart of the server goes unnoticed. Refusals are the exceptions of errors.py.
"""

from columnist.client.account import Tokens
from columnist.client.cells import Cell
from columnist.client.client import Client
from columnist.client.jobs import Job, Jobs
from columnist.client.reviews import Review, Reviews, Upload, UploadedAttachment
from columnist.client.templates import Templates

__all__ = ["Cell", "Client", "Job", "Jobs", "Review", "Reviews", "Templates", "Tokens", "Upload", "UploadedAttachment"]
