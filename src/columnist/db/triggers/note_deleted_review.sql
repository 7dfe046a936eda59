create or replace trigger note_deleted before delete on tabular_reviews
  for each row execute function note_deleted_review();
