-- The changes that people made to the cells of a review, newest first.
select h.action, h.email, h.before, h.after, h.created_at, h.document_id, h.column_id, d.name as document,
       c.name as column
from tabular_cell_changes h
left join documents d on d.id = h.document_id
left join tabular_columns c on c.id = h.column_id
where h.review_id = %(review_id)s
order by h.id desc
limit %(limit)s
