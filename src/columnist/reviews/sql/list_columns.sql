-- The columns of a review in the grid's order, or one of them.
select id, review_id, index, name, prompt, format, tags, rules, version, unit, second_reading, created_at, updated_at
from tabular_columns
where review_id = %(review_id)s and (%(column_id)s::uuid is null or id = %(column_id)s)
order by index, id
