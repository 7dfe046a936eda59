-- What people do with a cell. Its content, as history keeps it:
create function cell_content(c tabular_cells) returns jsonb language sql stable as $$
  select case when c.review_id is not null then jsonb_build_object(
    'status', c.status, 'summary', c.summary, 'value', c.value, 'flag', c.flag, 'reasoning', c.reasoning,
    'citations', c.citations, 'verified', c.verified, 'error', c.error, 'edited_by', c.edited_by,
    'verified_by', c.verified_by) end
$$;

-- The only place where a person changes a cell; as its caller, so the policies hold. Notes who, before and after.
-- Returns 'done', 'missing' (no answer to act on) or 'changed' (it is not as it was at `expected`).
create function change_tabular_cell(
  review_id uuid, document_id uuid, column_id uuid, action text, user_id uuid, email text,
  summary text default null, value jsonb default null, flag text default null, reasoning text default null,
  expected timestamptz default null
) returns text language plpgsql volatile as $$
#variable_conflict use_column
declare
  old tabular_cells;
  now_there tabular_cells;
begin
  select c.* into old from tabular_cells c
  where c.review_id = change_tabular_cell.review_id and c.document_id = change_tabular_cell.document_id
    and c.column_id = change_tabular_cell.column_id
  for update;
  if expected is not null and expected is distinct from old.updated_at then
    return 'changed';
  end if;
  if action in ('verify', 'unverify') and old.status is distinct from 'done'
     or action = 'clear' and coalesce(old.status, 'pending') = 'pending' then
    return 'missing';
  end if;

  if action = 'edit' then
    insert into tabular_cells as c (review_id, document_id, column_id, status, summary, value, flag, reasoning,
                                    column_version, edited_at, edited_by, changed_xid)
    select col.review_id, change_tabular_cell.document_id, col.id, 'done', change_tabular_cell.summary,
           change_tabular_cell.value, change_tabular_cell.flag, change_tabular_cell.reasoning, col.version, now(),
           change_tabular_cell.email, pg_current_xact_id()
    from tabular_columns col
    where col.review_id = change_tabular_cell.review_id and col.id = change_tabular_cell.column_id
    on conflict (review_id, document_id, column_id) do update
    set status = 'done', error = null, answer_key = null, column_version = excluded.column_version,
        summary = coalesce(excluded.summary, c.summary),
        value = case when excluded.summary is null then c.value else excluded.value end,
        flag = coalesce(excluded.flag, c.flag), reasoning = coalesce(excluded.reasoning, c.reasoning),
        edited_at = excluded.edited_at, edited_by = excluded.edited_by
    returning c.* into now_there;
  elsif action in ('verify', 'unverify') then
    update tabular_cells c
    set verified_at = case when action = 'verify' then now() end,
        verified_by = case when action = 'verify' then change_tabular_cell.email end
    where (c.review_id, c.document_id, c.column_id) = (old.review_id, old.document_id, old.column_id)
    returning c.* into now_there;
  elsif action = 'clear' then
    -- The row stays, so that the delta feed shows it; job_asks() counts it as missing.
    update tabular_cells c
    set status = 'pending', summary = null, value = null, flag = null, reasoning = null, citations = '[]',
        verified = null, error = null, answer_key = null, edited_at = null, job_id = null
    where (c.review_id, c.document_id, c.column_id) = (old.review_id, old.document_id, old.column_id)
    returning c.* into now_there;
  end if;

  insert into tabular_cell_changes (review_id, document_id, column_id, action, user_id, email, before, after)
  values (change_tabular_cell.review_id, change_tabular_cell.document_id, change_tabular_cell.column_id,
          change_tabular_cell.action, change_tabular_cell.user_id, change_tabular_cell.email,
          cell_content(old), cell_content(now_there));
  return 'done';
end $$;

-- As in 001, and a cell that was cleared is missing.
create or replace function job_asks(
  job_id uuid, "only" text[], model text, prompt_version text,
  cell_status text, cell_job_id uuid, cell_edited_at timestamptz,
  cell_version int, cell_model text, cell_prompt_version text, column_version int
) returns boolean language sql immutable as $$
  select case
    when cell_status is null or cell_status = 'pending' then "only" && array['missing', 'all']
    when cell_job_id = job_id then false
    when 'all' = any("only") then true
    when cell_edited_at is not null then false
    when cell_status = 'error' then 'failed' = any("only")
    when (cell_version, cell_model, cell_prompt_version) is distinct from (column_version, model, prompt_version)
      then 'stale' = any("only")
    else false
  end
$$;
