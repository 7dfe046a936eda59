-- An item that ends is a new entry in each index on it, and one among random ids took half of the time of an end. By
-- document one looks for open items and for errors only; the whole job's items are deleted with it.
drop index tabular_job_items_by_document;
create index tabular_job_items_open_by_document on tabular_job_items (job_id, document_id) where completed_at is null;
create index tabular_job_items_failed on tabular_job_items (job_id, document_id) where error is not null;
create index tabular_job_items_by_job on tabular_job_items (job_id);
