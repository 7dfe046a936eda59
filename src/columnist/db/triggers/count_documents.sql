create or replace trigger count_made after insert on documents referencing new table as come
  for each statement execute function count_documents();
create or replace trigger count_gone after delete on documents referencing old table as gone
  for each statement execute function count_documents();
create or replace trigger count_disowned after update on documents
  for each row when (old.user_id is not null and new.user_id is null) execute function count_documents();
