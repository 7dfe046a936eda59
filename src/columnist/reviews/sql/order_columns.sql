-- The named columns come first, in this order; the others follow as they were.
update tabular_columns c set index = o.nr
from (
  select c.id, row_number() over (order by w.nr, c.index, c.id) as nr
  from tabular_columns c
  left join unnest(%(column_ids)s::uuid[]) with ordinality as w (id, nr) using (id)
  where c.review_id = %(review_id)s) o
where o.id = c.id
