-- The first of the matching rows, from a place in their order on, that has a cell in a state; with its columns. The rows
-- are looked at one after the other, up to the one that is found: `offset 0` keeps them in order before the look.
with matching as {materialized} (
  select r.document_id, r.position
  from review_documents r
  where r.review_id = %(review_id)s {filters}
), ordered as (
  select m.document_id, row_number() over (order by {order}, m.position, m.document_id)::int - 1 as row
  from matching m {sorted_by}
)
select o.row, o.document_id, found.column_ids
from (select * from ordered o where o.row >= %(offset)s order by o.row offset 0) o
cross join lateral (
  select array_agg(c.column_id) as column_ids
  from tabular_cells c join tabular_columns col on col.id = c.column_id
  where c.review_id = %(review_id)s and c.document_id = o.document_id
    and (%(column_ids)s::uuid[] is null or c.column_id = any(%(column_ids)s)) and {state}) found
where found.column_ids is not null
order by o.row
limit 1
