-- The answer has a value that filters compare; "not found" and an answer in words only have none.
create or replace function has_value(c tabular_cells) returns boolean language sql immutable as $$
  select c.status = 'done' and coalesce(jsonb_typeof(c.value), 'null') <> 'null'
$$;
