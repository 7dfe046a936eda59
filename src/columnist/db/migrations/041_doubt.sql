-- How far an answer is to be doubted (answers/doubt.py); null: a person's, or of an earlier version.
alter table tabular_cells add doubt real check (doubt between 0 and 1);
-- Those of which is_doubtful() is true: few, so that writing costs little, and the grid finds the most of each row.
create index tabular_cells_doubtful on tabular_cells (review_id, document_id, doubt)
  where doubt >= 0.2 and status = 'done' and edited_at is null and verified_at is null;
