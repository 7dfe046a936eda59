"""Sharing a review: owner, editor or viewer, by e-mail."""

from fastapi import APIRouter

from columnist.api.context import CurrentConnection, OwnReview, VisibleReview
from columnist.api.guarded import GuardedRoute
from columnist.api.models import Email, MemberInput, MemberList
from columnist.reviews import store

router = APIRouter(prefix="/tabular/reviews/{review_id}/members", tags=["members"], route_class=GuardedRoute)


@router.get("")
async def list_members(review_id: VisibleReview, connection: CurrentConnection) -> MemberList:
    """The people with whom the review is shared; its creator is not among them."""
    return MemberList(members=await store.list_members(connection, review_id))


@router.put("/{email}")
async def put_member(
    review_id: OwnReview, email: Email, body: MemberInput, connection: CurrentConnection
) -> MemberList:
    """Share the review with somebody, or change their role."""
    await store.put_member(connection, review_id, email, body.role)
    return MemberList(members=await store.list_members(connection, review_id))


@router.delete("/{email}", status_code=204)
async def remove_member(review_id: OwnReview, email: Email, connection: CurrentConnection) -> None:
    """Stop sharing the review with a member."""
    await store.remove_member(connection, review_id, email)
