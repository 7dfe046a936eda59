create or replace trigger note_made after insert on tabular_reviews referencing new table as changed
  for each statement execute function note_events();
create or replace trigger note_made after insert on documents referencing new table as changed
  for each statement execute function note_events();
create or replace trigger note_made after insert on review_documents referencing new table as changed
  for each statement execute function note_events();
create or replace trigger note_made after insert on review_members referencing new table as changed
  for each statement execute function note_events();
create or replace trigger note_made after insert on tabular_columns referencing new table as changed
  for each statement execute function note_events();
create or replace trigger note_made after insert on tabular_jobs referencing new table as changed
  for each statement execute function note_events();
create or replace trigger note_made after insert on api_tokens referencing new table as changed
  for each statement execute function note_events();
create or replace trigger note_gone after delete on documents referencing old table as changed
  for each statement execute function note_events();
create or replace trigger note_gone after delete on review_documents referencing old table as changed
  for each statement execute function note_events();
create or replace trigger note_gone after delete on tabular_cells referencing old table as changed
  for each statement execute function note_events();
create or replace trigger note_gone after delete on review_members referencing old table as changed
  for each statement execute function note_events();
create or replace trigger note_gone after delete on tabular_columns referencing old table as changed
  for each statement execute function note_events();
create or replace trigger note_gone after delete on api_tokens referencing old table as changed
  for each statement execute function note_events();
