-- The first of these documents that the user may not see, if any.
select w.id
from unnest(%(document_ids)s::uuid[]) as w (id)
left join documents d using (id)
where d.id is null
limit 1
