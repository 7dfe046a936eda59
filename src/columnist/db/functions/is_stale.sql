-- The answer belongs to an earlier wording of the question.
create or replace function is_stale(c tabular_cells, column_version int) returns boolean language sql immutable as $$
  select c.status = 'done' and c.column_version <> is_stale.column_version
$$;
