-- A person has edited or verified the answer, in the present wording of the question. The index tabular_cells_checked
-- has these cells.
create or replace function is_checked(c tabular_cells, column_version int) returns boolean language sql immutable as $$
  select c.status = 'done' and is_a_persons(c) and not is_stale(c, is_checked.column_version)
$$;
