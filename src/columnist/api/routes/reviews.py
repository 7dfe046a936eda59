"""Reviews: create, list, rename, delete now or later; certificates of deleted reviews."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from columnist.api.context import CurrentConnection, CurrentUser, EditableReview, OwnReview, VisibleReview
from columnist.api.guarded import GuardedRoute
from columnist.api.models import (
    ActList,
    CertificateList,
    Retention,
    ReviewHistory,
    ReviewInput,
    ReviewList,
    ReviewName,
    Verifications,
)
from columnist.api.parameters import Confirm, NameSearch, Offset, PageSize
from columnist.documents.store import and_documents, documents_only_here
from columnist.errors import ConfirmationNeededError
from columnist.reviews import events, store
from columnist.reviews.cells import Checked, Verified, read_progress, review_history, verify_cells
from columnist.reviews.model import Review

router = APIRouter(prefix="/tabular/reviews", tags=["reviews"], route_class=GuardedRoute)
certificates = APIRouter(tags=["reviews"], route_class=GuardedRoute)


@router.post("", status_code=201)
async def create_review(body: ReviewInput, user: CurrentUser, connection: CurrentConnection) -> Review:
    """A new review, empty or with its first columns and documents."""
    review_id = await store.create_review(connection, user, body.name)
    if body.columns:
        await store.add_columns(connection, review_id, [column.spec() for column in body.columns])
    if body.document_ids:
        await store.put_documents(connection, review_id, body.document_ids)
    return await store.get_review(connection, review_id)


@router.get("")
async def list_reviews(
    connection: CurrentConnection,
    q: NameSearch = None,
    limit: PageSize = 50,
    offset: Offset = 0,
) -> ReviewList:
    """The reviews that you may see, latest change first."""
    reviews, total = await store.list_reviews(connection, limit, offset, q)
    return ReviewList(reviews=reviews, total=total)


@router.get("/{review_id}")
async def get_review(review_id: UUID, connection: CurrentConnection) -> Review:
    """One review."""
    return await store.get_review(connection, review_id)


@router.patch("/{review_id}")
async def rename_review(review_id: EditableReview, body: ReviewName, connection: CurrentConnection) -> Review:
    """Rename the review."""
    await store.rename_review(connection, review_id, body.name)
    return await store.get_review(connection, review_id)


@router.get("/{review_id}/history")
async def get_review_history(
    review_id: VisibleReview, connection: CurrentConnection, limit: PageSize = 100
) -> ReviewHistory:
    """The changes that people made to the review's cells, newest first."""
    return ReviewHistory(changes=await review_history(connection, review_id, limit))


@router.get("/{review_id}/checked")
async def get_checked(review_id: VisibleReview, connection: CurrentConnection) -> Checked:
    """How many cells people have checked: edited or verified, in the present wording of the question."""
    return await read_progress(connection, review_id)


@router.post("/{review_id}/verify")
async def verify_many_cells(review_id: EditableReview, body: Verifications, connection: CurrentConnection) -> Verified:
    """Note that you have checked these answers and agree, or take that back: at most 5,000 at a time. Stale answers,
    those whose last attempt failed, and those that have changed since you saw them are left as they are."""
    return await verify_cells(connection, review_id, body.cells, verified=body.verified, tries=body.dry_run)


@router.get("/{review_id}/events")
async def list_review_events(
    review_id: OwnReview,
    connection: CurrentConnection,
    since: Annotated[AwareDatetime | None, Query(description="Only acts since this time.")] = None,
    limit: PageSize = 100,
    offset: Offset = 0,
) -> ActList:
    """The log of acts in your review (shares, questions, edits, exports, downloads), newest first."""
    return ActList(events=await events.acts_in(connection, review_id, since, limit, offset))


@router.put("/{review_id}/retention")
async def set_review_retention(review_id: OwnReview, body: Retention, connection: CurrentConnection) -> Review:
    """Set a time from which the review is deleted, as by DELETE; that leaves a certificate. null: keep the review."""
    await store.set_retention(connection, review_id, body.delete_at)
    return await store.get_review(connection, review_id)


@router.delete("/{review_id}", status_code=204)
async def delete_review(review_id: OwnReview, connection: CurrentConnection, confirm: Confirm = False) -> None:
    """Delete the review with its columns, cells and jobs. Documents are kept, except those that only it has."""
    if not confirm:
        review = await store.get_review(connection, review_id)
        answers = await store.count_answers(connection, review_id)
        gone = and_documents(await documents_only_here(connection, review_id))
        raise ConfirmationNeededError(
            f"This deletes the review {review.name!r} with {answers:,} answers{gone} and its history, for all members. "
            "Repeat it with ?confirm=true.",
            "confirm",
        )
    await store.delete_review(connection, review_id)


@certificates.get("/tabular/certificates")
async def list_certificates(
    user: CurrentUser,
    connection: CurrentConnection,
    review_id: Annotated[UUID | None, Query(description="Only the certificate of this review.")] = None,
    limit: PageSize = 100,
) -> CertificateList:
    """The certificates of your deleted reviews, deleted by you or by their retention: what was destroyed with each."""
    return CertificateList(certificates=await events.certificates(connection, limit, review_id))
