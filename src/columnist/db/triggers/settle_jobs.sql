create or replace trigger settle after update on tabular_job_items
  referencing old table as old_items new table as new_items
  for each statement execute function settle_tabular_jobs();
