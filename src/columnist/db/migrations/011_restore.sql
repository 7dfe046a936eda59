-- A clear can be taken back: the cell is as it was, evidence and all.
alter table tabular_cell_changes drop constraint tabular_cell_changes_action_check;
alter table tabular_cell_changes add constraint tabular_cell_changes_action_check
  check (action in ('edit', 'verify', 'unverify', 'clear', 'restore', 'regenerate'));

-- Puts back what was cleared, if that is the last thing that happened to the cell; as its caller, so the policies hold.
-- Returns 'done' or 'missing' (there is nothing to put back, or an answer by now).
create function restore_tabular_cell(review_id uuid, document_id uuid, column_id uuid, user_id uuid, email text)
returns text language plpgsql volatile as $$
#variable_conflict use_column
declare
  old tabular_cells;
  now_there tabular_cells;
  cleared tabular_cell_changes;
  was tabular_cells;
begin
  select c.* into old from tabular_cells c
  where c.review_id = restore_tabular_cell.review_id and c.document_id = restore_tabular_cell.document_id
    and c.column_id = restore_tabular_cell.column_id
  for update;
  select h.* into cleared from tabular_cell_changes h
  where h.review_id = restore_tabular_cell.review_id and h.document_id = restore_tabular_cell.document_id
    and h.column_id = restore_tabular_cell.column_id
  order by h.id desc limit 1;
  if old.status is distinct from 'pending' or cleared.action is distinct from 'clear' then
    return 'missing';
  end if;
  was := jsonb_populate_record(null::tabular_cells, cleared.before);

  update tabular_cells c
  set status = was.status, summary = was.summary, value = was.value, flag = was.flag, rule = was.rule,
      reasoning = was.reasoning, citations = was.citations, verified = was.verified, error = was.error,
      edited_at = case when was.edited_by is not null then cleared.created_at end, edited_by = was.edited_by
  where (c.review_id, c.document_id, c.column_id) = (old.review_id, old.document_id, old.column_id);
  -- Apart: another answer takes a verification away.
  update tabular_cells c
  set verified_at = case when was.verified_by is not null then cleared.created_at end, verified_by = was.verified_by
  where (c.review_id, c.document_id, c.column_id) = (old.review_id, old.document_id, old.column_id)
  returning c.* into now_there;

  insert into tabular_cell_changes (review_id, document_id, column_id, action, user_id, email, before, after)
  values (restore_tabular_cell.review_id, restore_tabular_cell.document_id, restore_tabular_cell.column_id,
          'restore', restore_tabular_cell.user_id, restore_tabular_cell.email, cell_content(old),
          cell_content(now_there));
  return 'done';
end $$;
