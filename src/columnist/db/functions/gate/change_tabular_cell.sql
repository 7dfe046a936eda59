-- The only place where a person changes a cell; no other role has the right. Notes the person by the caller's claims
-- (not by `user_id` and `email`, which only the last release sends), and the content before and after. Returns 'done',
-- 'missing' (no answer to act on) or, if `checks`, 'changed' (it has changed since `expected`; null: it had no answer
-- yet). A flag or a note without a summary is added to the answer and changes nothing else in it.
create or replace function change_tabular_cell(
  review_id uuid, document_id uuid, column_id uuid, action text, user_id uuid default null, email text default null,
  summary text default null, value jsonb default null, value_format text default null, flag text default null,
  rule text default null, reasoning text default null, checks boolean default false, expected timestamptz default null,
  job_id uuid default null
) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  editor constant text := coalesce(public.my_email(), '');
  old public.tabular_cells;
  now_there public.tabular_cells;
  is_new boolean := false;
begin
  if change_tabular_cell.review_id not in (select public.my_review_ids('editor')) then
    raise insufficient_privilege using message = 'The caller is no editor of this review.';
  end if;
  if action = 'edit' and change_tabular_cell.summary is not null then
    -- A row to lock, so that the second of two first answers sees the first.
    insert into public.tabular_cells (review_id, document_id, column_id, status, column_version, changed_xid)
    select col.review_id, change_tabular_cell.document_id, col.id, 'pending', col.version, pg_current_xact_id()
    from public.tabular_columns col
    where col.review_id = change_tabular_cell.review_id and col.id = change_tabular_cell.column_id
    on conflict (review_id, document_id, column_id) do nothing;
    is_new := found;
  end if;
  select c.* into old from public.tabular_cells c
  where c.review_id = change_tabular_cell.review_id and c.document_id = change_tabular_cell.document_id
    and c.column_id = change_tabular_cell.column_id
  for update;
  if is_new then
    old := null;
  end if;
  if checks and expected is distinct from old.updated_at then
    return 'changed';
  end if;
  if action in ('verify', 'unverify') and old.status is distinct from 'done'
     or action = 'edit' and change_tabular_cell.summary is null and old.status is distinct from 'done'
     or action = 'clear' and public.is_missing(old) then
    return 'missing';
  end if;

  update public.tabular_cells c
  set touched_at = case when action = 'regenerate' then c.touched_at else clock_timestamp() end,
      again_job_id = case when action = 'regenerate' then change_tabular_cell.job_id end
  where c.review_id = change_tabular_cell.review_id and c.document_id = change_tabular_cell.document_id
    and c.column_id = change_tabular_cell.column_id
  returning c.* into now_there;

  if action = 'edit' and change_tabular_cell.summary is null then
    update public.tabular_cells c
    set flag = coalesce(change_tabular_cell.flag, c.flag),
        rule = case when change_tabular_cell.flag is null then c.rule else change_tabular_cell.rule end,
        reasoning = coalesce(change_tabular_cell.reasoning, c.reasoning),
        answer_key = null  -- it is no longer only the model's
    where (c.review_id, c.document_id, c.column_id) = (now_there.review_id, now_there.document_id, now_there.column_id)
    returning c.* into now_there;
  elsif action = 'edit' then
    update public.tabular_cells c
    set status = 'done', error = null, answer_key = null, column_version = col.version,
        attempt_error = null, attempted_at = null, attempt_job_id = null,
        summary = change_tabular_cell.summary, value = change_tabular_cell.value,
        value_format = change_tabular_cell.value_format, flag = coalesce(change_tabular_cell.flag, c.flag),
        rule = case when change_tabular_cell.flag is null then c.rule else change_tabular_cell.rule end,
        reasoning = coalesce(change_tabular_cell.reasoning, c.reasoning),
        edited_at = c.touched_at, edited_by = editor
    from public.tabular_columns col
    where (c.review_id, c.document_id, c.column_id) = (now_there.review_id, now_there.document_id, now_there.column_id)
      and col.id = c.column_id
    returning c.* into now_there;
  elsif action in ('verify', 'unverify') then
    update public.tabular_cells c
    set verified_at = case when action = 'verify' then c.touched_at end,
        verified_by = case when action = 'verify' then editor end
    where (c.review_id, c.document_id, c.column_id) = (now_there.review_id, now_there.document_id, now_there.column_id)
    returning c.* into now_there;
  elsif action = 'clear' then
    -- The row stays, so that the delta feed shows it.
    update public.tabular_cells c
    set status = 'pending', summary = null, value = null, flag = null, reasoning = null, citations = '[]',
        doubt = null, verified = null, error = null, answer_key = null, edited_at = null, job_id = null,
        attempt_error = null, attempted_at = null, attempt_job_id = null
    where (c.review_id, c.document_id, c.column_id) = (now_there.review_id, now_there.document_id, now_there.column_id)
    returning c.* into now_there;
  end if;

  insert into public.tabular_cell_changes (review_id, document_id, column_id, action, user_id, email, before, after)
  values (change_tabular_cell.review_id, change_tabular_cell.document_id, change_tabular_cell.column_id,
          change_tabular_cell.action, public.my_user_id(), editor,
          public.cell_content(old), public.cell_content(now_there));
  return 'done';
end $$;
