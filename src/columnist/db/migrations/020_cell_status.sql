-- No cell was ever `generating`: the page asks for the awaited ones (awaited_columns).
alter table tabular_cells drop constraint tabular_cells_status_check;
alter table tabular_cells add constraint tabular_cells_status_check check (status in ('pending', 'done', 'error'));

drop index tabular_cells_cleared;
create index tabular_cells_cleared on tabular_cells (review_id, document_id)
  where status is null or status = 'pending';  -- is_missing(), as a query says it
