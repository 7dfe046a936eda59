-- Whether the state of a cell is among the states to ask.
create or replace function is_named(
  "only" text[], model text, prompt_version text, c tabular_cells, column_version int
) returns boolean language sql immutable as $$
  select case
    when is_missing(c) then "only" && array['missing', 'all', 'again']
    else 'all' = any("only")
      or 'failed' = any("only") and is_failed(c)
      or 'stale' = any("only") and is_stale(c, is_named.column_version)
      or 'outdated' = any("only") and is_outdated(c, is_named.model, is_named.prompt_version) end
$$;
