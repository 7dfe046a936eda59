-- The first of these documents that the user may not see, or else may not put into the review because it is only shared
-- with them and the review does not have it yet.
select w.id, d.id is not null as visible
from unnest(%(document_ids)s::uuid[]) as w (id)
left join documents d using (id)
where d.id is null
   or d.id not in (select my_document_ids())
      and not exists (select from review_documents r where r.review_id = %(review_id)s and r.document_id = d.id)
order by visible
limit 1
