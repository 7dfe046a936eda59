-- Adds columns to the right of those that are there.
insert into tabular_columns (review_id, index, name, prompt, format, tags, rules)
select %(review_id)s,
       coalesce((select max(index) from tabular_columns where review_id = %(review_id)s), 0) + w.nr,
       w.name, w.prompt, w.format, case when w.tags = '' then '{}' else string_to_array(w.tags, e'\x1f') end, w.rules::jsonb
from unnest(%(names)s::text[], %(prompts)s::text[], %(formats)s::text[], %(tags)s::text[], %(rules)s::text[])
  with ordinality as w (name, prompt, format, tags, rules, nr)
returning id
