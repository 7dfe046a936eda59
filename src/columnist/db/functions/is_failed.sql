-- The last attempt failed, with or without an older answer.
create or replace function is_failed(c tabular_cells) returns boolean language sql immutable as $$
  select c.attempted_at is not null
$$;
