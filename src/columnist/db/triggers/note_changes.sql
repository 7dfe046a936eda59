create or replace trigger note_changed after update on documents
  for each row when (old.user_id is not null and new.user_id is null) execute function note_changes();
create or replace trigger note_changed after update on api_tokens
  for each row when (old.revoked_at is null and new.revoked_at is not null) execute function note_changes();
create or replace trigger note_changed after update on users
  for each row when ((old.disabled_at is null) <> (new.disabled_at is null)) execute function note_changes();
create or replace trigger note_changed after update on tabular_reviews
  for each row when (old.name <> new.name or old.delete_at is distinct from new.delete_at)
  execute function note_changes();
create or replace trigger note_changed after update on review_members
  for each row when (old.role <> new.role) execute function note_changes();
create or replace trigger note_changed after update on tabular_columns
  for each row when (old.version <> new.version or old.name <> new.name) execute function note_changes();
create or replace trigger note_changed after insert on tabular_cell_changes
  for each row when (new.action <> 'replace') execute function note_changes();
create or replace trigger note_changed after update on tabular_jobs
  for each row when (old.cancel_requested_at is distinct from new.cancel_requested_at
                     or old.completed_at is null and new.completed_at is not null
                     or old.paused_at is not null and new.paused_at is null) execute function note_changes();
