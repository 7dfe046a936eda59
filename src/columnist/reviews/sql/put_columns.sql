-- Adds columns, or edits those of the same name. The trigger version_tabular_column counts an edit that matters.
insert into tabular_columns as col (review_id, index, name, prompt, format, tags, rules)
select %(review_id)s, w.nr, w.name, w.prompt, w.format, w.tags, w.rules
from rows from (jsonb_to_recordset(%(columns)s) as (name text, prompt text, format text, tags text[], rules jsonb))
  with ordinality as w (name, prompt, format, tags, rules, nr)
on conflict (review_id, name) do update
set index = excluded.index, prompt = excluded.prompt, format = excluded.format, tags = excluded.tags,
    rules = excluded.rules
returning id, name
