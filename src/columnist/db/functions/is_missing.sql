-- Never asked, or cleared. Null fields: there is no row.
create or replace function is_missing(c tabular_cells) returns boolean language sql immutable as $$
  select c.status is null or c.status = 'pending'
$$;
