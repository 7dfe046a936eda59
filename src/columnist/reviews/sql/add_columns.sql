-- Adds columns to the right of those that are there.
insert into tabular_columns (review_id, index, name, prompt, format, tags)
select %(review_id)s,
       coalesce((select max(index) from tabular_columns where review_id = %(review_id)s), 0) + w.nr,
       w.name, w.prompt, w.format, case when w.tags = '' then '{}' else string_to_array(w.tags, e'\x1f') end
from unnest(%(names)s::text[], %(prompts)s::text[], %(formats)s::text[], %(tags)s::text[])
  with ordinality as w (name, prompt, format, tags, nr)
returning id
