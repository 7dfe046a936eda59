-- The changes that people made to one cell, newest first.
select action, email, before, after, created_at
from tabular_cell_changes
where review_id = %(review_id)s and document_id = %(document_id)s and column_id = %(column_id)s
order by id desc
limit %(limit)s
