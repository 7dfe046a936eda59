-- Adds columns to the right of the existing ones. The tags and rules of a column are JSON, as in ColumnSpec.
insert into tabular_columns (review_id, index, name, prompt, format, tags, rules, second_reading)
select %(review_id)s,
       coalesce((select max(index) from tabular_columns where review_id = %(review_id)s), 0) + w.nr,
       w.name, w.prompt, w.format, w.tags, w.rules, w.second_reading
from rows from (jsonb_to_recordset(%(columns)s) as (name text, prompt text, format text, tags text[], rules jsonb,
                                                    second_reading text))
  with ordinality as w (name, prompt, format, tags, rules, second_reading, nr)
returning id
