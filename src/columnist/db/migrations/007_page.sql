-- What the page asks for.

-- A review's history, newest first.
create index tabular_cell_changes_by_review on tabular_cell_changes (review_id, id);
