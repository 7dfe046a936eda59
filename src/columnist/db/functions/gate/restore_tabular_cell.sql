-- Restores the answer that was cleared last, with its stamps, if the cell was not answered since; by the caller's
-- claims, not by `user_id` and `email`, which only the last release sends. Failed attempts meanwhile do not count, even
-- if they were cleared, too. Returns 'done' or 'missing' (there is nothing to restore).
create or replace function restore_tabular_cell(
  review_id uuid, document_id uuid, column_id uuid, user_id uuid default null, email text default null
) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  editor constant text := coalesce(public.my_email(), '');
  old public.tabular_cells;
  now_there public.tabular_cells;
  cleared public.tabular_cell_changes;
  was public.tabular_cells;
begin
  if restore_tabular_cell.review_id not in (select public.my_review_ids('editor')) then
    raise insufficient_privilege using message = 'The caller is no editor of this review.';
  end if;
  select c.* into old from public.tabular_cells c
  where c.review_id = restore_tabular_cell.review_id and c.document_id = restore_tabular_cell.document_id
    and c.column_id = restore_tabular_cell.column_id
  for update;
  select h.* into cleared from public.tabular_cell_changes h
  where h.review_id = restore_tabular_cell.review_id and h.document_id = restore_tabular_cell.document_id
    and h.column_id = restore_tabular_cell.column_id and h.action in ('clear', 'restore', 'edit', 'replace')
  order by h.action = 'clear' and h.before ->> 'status' is distinct from 'done', h.id desc limit 1;
  if old.review_id is null or old.status = 'done' or cleared.action is distinct from 'clear' then
    return 'missing';
  end if;
  was := jsonb_populate_record(old, cleared.before);  -- an old entry has fewer fields

  update public.tabular_cells c
  set status = was.status, summary = was.summary, value = was.value, value_format = was.value_format, flag = was.flag,
      rule = was.rule, reasoning = was.reasoning, citations = was.citations, doubt = was.doubt, verified = was.verified,
      error = was.error, column_version = was.column_version, model = was.model,
      prompt_version = was.prompt_version, job_id = was.job_id,
      attempt_error = coalesce(c.attempt_error, was.attempt_error),
      attempted_at = coalesce(c.attempted_at, was.attempted_at),
      attempt_job_id = coalesce(c.attempt_job_id, was.attempt_job_id),
      edited_at = case when was.edited_by is not null then coalesce(was.edited_at, cleared.created_at) end,
      edited_by = was.edited_by,
      verified_at = case when was.verified_by is not null then coalesce(was.verified_at, cleared.created_at) end,
      verified_by = was.verified_by, touched_at = clock_timestamp()
  where (c.review_id, c.document_id, c.column_id) = (old.review_id, old.document_id, old.column_id)
  returning c.* into now_there;

  insert into public.tabular_cell_changes (review_id, document_id, column_id, action, user_id, email, before, after)
  values (restore_tabular_cell.review_id, restore_tabular_cell.document_id, restore_tabular_cell.column_id,
          'restore', public.my_user_id(), editor, public.cell_content(old),
          public.cell_content(now_there));
  return 'done';
end $$;
