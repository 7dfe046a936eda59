create or replace trigger forget after delete on review_documents referencing old table as gone
  for each statement execute function forget_removed_documents();
