-- The reviews that the user may see, latest change first, or one of them; `total` counts them all.
select r.id, r.name, my_role(r.id) as role, r.user_id = auth.uid() as mine, r.created_at, r.updated_at, r.delete_at,
       (select count(*)::int from review_documents d where d.review_id = r.id) as document_count,
       (select count(*)::int from tabular_columns c where c.review_id = r.id) as column_count,
       (select coalesce(sum(k.checked), 0)::int from checked_by_column(r.id) k) as checked,
       (select j.id from tabular_jobs j where j.review_id = r.id and j.status in ('pending', 'running')) as active_job_id,
       r.total
from (
  select r.*, count(*) over ()::int as total
  from tabular_reviews r
  where (%(review_id)s::uuid is null or r.id = %(review_id)s)
    and (%(q)s::text is null or strpos(folded(r.name), folded(%(q)s)) > 0)
  order by r.updated_at desc, r.id
  limit %(limit)s offset %(offset)s) r
