-- The unit of a column's numbers: the first unit of an answer, unless the question has changed by now: then no row.
update tabular_columns
set unit = coalesce(unit, %(unit)s)
where id = %(column_id)s and version = %(version)s
returning unit
