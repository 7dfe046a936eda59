-- The unit of a column's numbers: the first that an answer has, unless the question is another by now. No row then.
update tabular_columns
set unit = coalesce(unit, %(unit)s)
where id = %(column_id)s and version = %(version)s
returning unit
