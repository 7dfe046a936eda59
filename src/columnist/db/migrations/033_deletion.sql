-- What is derived from a document's content is deleted with it: the history keeps who did what, and no words.
grant update (before, after) on tabular_cell_changes to columnist_gate;
grant select (id, review_id, document_id, job_id, error, completed_at, status), update (error)
  on tabular_job_items to columnist_gate;
grant select, update (error) on tabular_jobs to columnist_gate;
-- The uploader of a document sees who uses it, and can end that.
grant delete on review_documents to columnist_gate;
grant select on users to columnist_gate;

set local role columnist_gate;
update tabular_cell_changes h set before = null, after = null
where not exists (
  select from tabular_cells c
  where c.review_id = h.review_id and c.document_id = h.document_id and c.column_id = h.column_id);
reset role;
