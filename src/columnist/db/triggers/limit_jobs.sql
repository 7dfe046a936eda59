create or replace trigger limit_live after insert on tabular_jobs referencing new table as come
  for each statement execute function limit_jobs();
