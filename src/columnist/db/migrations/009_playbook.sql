-- Playbooks: the rules of a column, in order, each {"flag": …, "when": …}; and what they say of a cell's flag.
alter table tabular_columns add column rules jsonb not null default '[]';
alter table tabular_cells add column rule text;  -- null: the flag is not the rules'

-- As in 001, and the rules are a part of what is asked.
create or replace function version_tabular_column() returns trigger language plpgsql as $$
begin
  if (new.prompt, new.format, new.tags, new.rules) is distinct from (old.prompt, old.format, old.tags, old.rules) then
    new.version := old.version + 1;
  end if;
  new.updated_at := now();
  return new;
end $$;

-- As in 003, and a rule says something of a flag or nothing.
create or replace function stamp_tabular_cell() returns trigger language plpgsql as $$
begin
  new.changed_xid := pg_current_xact_id();
  new.updated_at := now();
  if tg_op = 'UPDATE'
     and (new.status, new.summary, new.value) is distinct from (old.status, old.summary, old.value) then
    new.verified_at := null;
    new.verified_by := null;
  end if;
  if new.edited_at is null then
    new.edited_by := null;
  end if;
  if new.flag is null then
    new.rule := null;
  end if;
  return new;
end $$;

-- The next two as in 005, with the rule.
create or replace function cell_content(c tabular_cells) returns jsonb language sql stable as $$
  select case when c.review_id is not null then jsonb_build_object(
    'status', c.status, 'summary', c.summary, 'value', c.value, 'flag', c.flag, 'rule', c.rule,
    'reasoning', c.reasoning, 'citations', c.citations, 'verified', c.verified, 'error', c.error,
    'edited_by', c.edited_by, 'verified_by', c.verified_by) end
$$;

drop function change_tabular_cell(uuid, uuid, uuid, text, uuid, text, text, jsonb, text, text, timestamptz);

-- The only place where a person changes a cell; as its caller, so the policies hold. Notes who, before and after.
-- Returns 'done', 'missing' (no answer to act on) or 'changed' (it is not as it was at `expected`).
create function change_tabular_cell(
  review_id uuid, document_id uuid, column_id uuid, action text, user_id uuid, email text,
  summary text default null, value jsonb default null, flag text default null, reasoning text default null,
  expected timestamptz default null, rule text default null
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
    insert into tabular_cells as c (review_id, document_id, column_id, status, summary, value, flag, rule,
                                    reasoning, column_version, edited_at, edited_by, changed_xid)
    select col.review_id, change_tabular_cell.document_id, col.id, 'done', change_tabular_cell.summary,
           change_tabular_cell.value, change_tabular_cell.flag, change_tabular_cell.rule,
           change_tabular_cell.reasoning, col.version, now(), change_tabular_cell.email, pg_current_xact_id()
    from tabular_columns col
    where col.review_id = change_tabular_cell.review_id and col.id = change_tabular_cell.column_id
    on conflict (review_id, document_id, column_id) do update
    set status = 'done', error = null, answer_key = null, column_version = excluded.column_version,
        summary = coalesce(excluded.summary, c.summary),
        value = case when excluded.summary is null then c.value else excluded.value end,
        flag = coalesce(excluded.flag, c.flag),
        rule = case when excluded.flag is null then c.rule else excluded.rule end,
        reasoning = coalesce(excluded.reasoning, c.reasoning),
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
