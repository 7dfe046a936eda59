-- How many cells of a grid have neither a current answer nor a failure that says why, in how many documents, and where.
-- Failed cells are subtracted, because they may be stale, too.
with failed as materialized (
  select * from items_to_ask(%(review_id)s, '{failed}', %(model)s, %(prompt_version)s, %(column_ids)s::uuid[],
                             %(document_ids)s::uuid[])
), unanswered as materialized (
  select t.document_id, t.position, t.cells - coalesce(f.cells, 0) as cells
  from items_to_ask(%(review_id)s, %(only)s, %(model)s, %(prompt_version)s, %(column_ids)s::uuid[],
                    %(document_ids)s::uuid[]) t
  left join failed f using (document_id)
  where t.cells > coalesce(f.cells, 0)
), first as (
  select array(select document_id from unanswered order by position, document_id limit %(shown)s) as document_ids
)
select (select coalesce(sum(cells), 0)::int from unanswered) as cells,
       (select count(*)::int from unanswered) as documents,
       case when 'outdated' = any(%(only)s) then 0 else (
         select coalesce(sum(cells), 0)::int
         from items_to_ask(%(review_id)s, '{outdated}', %(model)s, %(prompt_version)s, %(column_ids)s::uuid[],
                           %(document_ids)s::uuid[])) end as outdated,
       array(select d.name from documents d
             where d.id = any(first.document_ids) order by array_position(first.document_ids, d.id)) as first_documents,
       array(select col.name from tabular_columns col
             where col.review_id = %(review_id)s and (%(column_ids)s::uuid[] is null or col.id = any(%(column_ids)s))
               and exists (select from items_to_ask(%(review_id)s, array_remove(%(only)s::text[], 'failed'), %(model)s,
                                                    %(prompt_version)s, array[col.id], first.document_ids))
             order by col.index, col.id) as columns
from first
