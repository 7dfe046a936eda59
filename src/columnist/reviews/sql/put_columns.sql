-- Adds columns, or edits those of the same name. The trigger version_tabular_column counts an edit that matters.
insert into tabular_columns as col (review_id, index, name, prompt, format, tags, rules, second_reading)
select %(review_id)s, w.nr, w.name, w.prompt, w.format, w.tags, w.rules, w.second_reading
from rows from (jsonb_to_recordset(%(columns)s) as (name text, prompt text, format text, tags text[], rules jsonb,
                                                    second_reading text))
  with ordinality as w (name, prompt, format, tags, rules, second_reading, nr)
on conflict (review_id, name) do update
set index = excluded.index, prompt = excluded.prompt, format = excluded.format, tags = excluded.tags,
    rules = excluded.rules, second_reading = excluded.second_reading
returning id, name
