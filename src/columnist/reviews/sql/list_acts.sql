-- The acts in a review, newest first; row-level security shows all to the review's owners, and to others their own.
select at, action, user_id, email, owner_id, review_id, document_id, facts
from events
where review_id = %(review_id)s and (%(since)s::timestamptz is null or at >= %(since)s)
order by at desc, action, document_id
limit %(limit)s offset %(offset)s
