-- Adds documents to the grid, below the others; a document that is in the grid keeps its place.
insert into review_documents (review_id, document_id, position)
select %(review_id)s, w.id,
       w.nr + coalesce((select max(position) from review_documents where review_id = %(review_id)s), 0)
from unnest(%(document_ids)s::uuid[]) with ordinality as w (id, nr)
-- The conflict alone is not enough: the policies check each row first, and it may be another user's document.
where not exists (select from review_documents r where r.review_id = %(review_id)s and r.document_id = w.id)
on conflict do nothing
