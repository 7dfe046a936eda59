-- How many rows match.
select count(*)::int as count
from review_documents r
where r.review_id = %(review_id)s {filters}
