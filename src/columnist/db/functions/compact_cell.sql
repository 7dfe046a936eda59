-- A cell in the form of the grid's windows and of the feed; `missing` if there is none. A set of one row, so that it is
-- inlined in `from`: row_to_json() of it is half again as fast as json_build_object().
drop function if exists compact_cell(tabular_cells, int, text, text);  -- no release calls it
create or replace function compact_cell(c tabular_cells, column_version int, model text, prompt_version text)
returns table (
  status text, summary text, value jsonb, flag text, verified boolean, error text, attempt_error text, stale boolean,
  outdated boolean, edited boolean, verified_by text, checked boolean, job_id uuid, updated_at timestamptz
) language sql stable as $$
  select coalesce(c.status, 'missing'), left(c.summary, 300),
         case when length(c.value::text) <= 1000 then c.value end, c.flag, c.verified, left(c.error, 300),
         left(c.attempt_error, 300), coalesce(is_stale(c, column_version), false),
         coalesce(is_outdated(c, model, prompt_version), false), c.edited_at is not null, c.verified_by,
         case when c.status = 'done' then is_checked(c, column_version) end, c.job_id, c.updated_at
$$;
