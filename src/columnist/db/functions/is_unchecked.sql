-- There is an answer, and no person has edited or verified it in the present wording of the question.
create or replace function is_unchecked(c tabular_cells, column_version int) returns boolean language sql immutable as $$
  select c.status = 'done' and not is_checked(c, is_unchecked.column_version)
$$;
