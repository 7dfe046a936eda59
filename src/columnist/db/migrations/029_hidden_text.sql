-- Text of the file that nobody sees on the page: kept, never sent to a model, and no evidence.
alter table document_pages add column hidden text not null default '';
