-- For the filter `missing`: is_missing(), as a query says it. Few cells are cleared at any time.
create index tabular_cells_cleared on tabular_cells (review_id, document_id)
  where status is null or status in ('pending', 'generating');
