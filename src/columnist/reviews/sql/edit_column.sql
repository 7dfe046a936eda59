-- Changes a column. The trigger version_tabular_column counts an edit that matters.
update tabular_columns
set name = %(name)s, prompt = %(prompt)s, format = %(format)s, tags = %(tags)s, rules = %(rules)s::jsonb,
    second_reading = %(second_reading)s
where review_id = %(review_id)s and id = %(column_id)s
