-- Adds columns, or edits those of the same name. The trigger version_tabular_column counts an edit that matters.
with wanted as (
  select w.name, w.prompt, w.format, w.nr::int as index,
         case when w.tags = '' then '{}' else string_to_array(w.tags, e'\x1f') end as tags, w.rules::jsonb as rules
  from unnest(%(names)s::text[], %(prompts)s::text[], %(formats)s::text[], %(tags)s::text[], %(rules)s::text[])
    with ordinality as w (name, prompt, format, tags, rules, nr)
)
insert into tabular_columns as col (review_id, index, name, prompt, format, tags, rules)
select %(review_id)s, index, name, prompt, format, tags, rules from wanted
on conflict (review_id, name) do update
set index = excluded.index, prompt = excluded.prompt, format = excluded.format, tags = excluded.tags,
    rules = excluded.rules
returning id, name
