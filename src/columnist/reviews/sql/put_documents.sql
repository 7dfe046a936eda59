-- Adds documents to the grid, below those that it has; one that it has already keeps its place.
insert into review_documents (review_id, document_id, position)
select %(review_id)s, w.id,
       w.nr + coalesce((select max(position) from review_documents where review_id = %(review_id)s), 0)
from unnest(%(document_ids)s::uuid[]) with ordinality as w (id, nr)
on conflict do nothing
