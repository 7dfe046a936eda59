-- Those of which is_checked() may be true: progress is counted without reading the others.
create index tabular_cells_checked on tabular_cells (review_id, column_id, column_version)
  where status = 'done' and (edited_at is not null or verified_at is not null);
