-- The documents of the matching rows, in order.
select m.document_id
from (
  select r.document_id, r.position
  from review_documents r
  where r.review_id = %(review_id)s {filters}) m {sorted_by}
order by {order}, m.document_id
