-- How many cells of a review, or of one of its columns, or of some of its documents, have an answer.
select count(*)::int as count
from tabular_cells
where review_id = %(review_id)s and status = 'done'
  and (%(column_id)s::uuid is null or column_id = %(column_id)s)
  and (%(document_ids)s::uuid[] is null or document_id = any(%(document_ids)s))
