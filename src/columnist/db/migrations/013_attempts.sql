-- An attempt is not an answer: a cell keeps its last good answer, and what failed since stands beside it. The states of a
-- cell are defined here, once: jobs, the grid, its filters, the feed and the exports ask these functions.

alter table tabular_cells
  add attempt_error text,                -- why the last attempt failed; null: it did not
  add attempted_at timestamptz,
  add attempt_job_id uuid,
  add value_format text,                 -- the format that `value` was typed by
  add again_job_id uuid,                 -- the job by which a person asked for this cell by name
  add touched_at timestamptz,            -- when a person last acted on what stands here
  add check ((attempt_error is null) = (attempted_at is null));

alter table tabular_jobs drop constraint tabular_jobs_only_check;
alter table tabular_jobs add constraint tabular_jobs_only_check
  check ("only" <@ array['missing', 'stale', 'failed', 'outdated', 'all', 'again']);

-- Row-level security binds the tables' owner, too: without this the updates would find no row.
alter table tabular_cells no force row level security;
alter table tabular_columns no force row level security;
alter table tabular_cells disable trigger stamp;
update tabular_cells c
set attempt_error = case when c.status = 'error' then coalesce(c.error, 'The last attempt failed.') end,
    attempted_at = case when c.status = 'error' then c.updated_at end,
    attempt_job_id = case when c.status = 'error' then c.job_id end,
    value_format = case when c.value is not null and c.column_version = col.version then col.format end,
    touched_at = greatest(c.edited_at, c.verified_at)
from tabular_columns col
where col.id = c.column_id
  and (c.status = 'error' or c.value is not null or c.edited_at is not null or c.verified_at is not null);
alter table tabular_cells enable trigger stamp;
alter table tabular_columns force row level security;
alter table tabular_cells force row level security;

-- ── The states of a cell; each is inlined, so that an index serves it ───────────────────────────────────────────

-- Never asked, or cleared. Null fields: there is no row.
create function is_missing(c tabular_cells) returns boolean language sql immutable as $$
  select c.status is null or c.status in ('pending', 'generating')
$$;

-- The last attempt failed, with or without an older answer.
create function is_failed(c tabular_cells) returns boolean language sql immutable as $$
  select c.attempted_at is not null
$$;

-- Its answer is one to an earlier wording of the question.
create function is_stale(c tabular_cells, column_version int) returns boolean language sql immutable as $$
  select c.status = 'done' and c.column_version <> is_stale.column_version
$$;

-- Its answer was given by another model, or to another version of the prompt. A person's answer is nobody's model's.
create function is_outdated(c tabular_cells, model text, prompt_version text) returns boolean language sql immutable as $$
  select c.status = 'done' and c.edited_at is null
         and (c.model <> is_outdated.model or c.prompt_version <> is_outdated.prompt_version)
$$;

-- Edited or verified: every run leaves it alone, unless it was asked for by name.
create function is_a_persons(c tabular_cells) returns boolean language sql immutable as $$
  select c.edited_at is not null or c.verified_at is not null
$$;

drop index tabular_cells_by_column;
create index tabular_cells_by_column on tabular_cells (column_id, sort_number, sort_text, document_id)
  include (review_id, status, flag, verified, column_version, edited_at, verified_at, attempted_at);
drop index tabular_cells_remarkable;
create index tabular_cells_remarkable on tabular_cells (review_id, document_id)
  where attempted_at is not null or verified is false or edited_at is not null or verified_at is not null;

-- ── What a job asks ─────────────────────────────────────────────────────────────────────────────────────────────

-- Whether the state of a cell is among those that are to be asked.
create function is_named(
  "only" text[], model text, prompt_version text, c tabular_cells, column_version int
) returns boolean language sql immutable as $$
  select case
    when is_missing(c) then "only" && array['missing', 'all', 'again']
    else 'all' = any("only")
      or 'failed' = any("only") and is_failed(c)
      or 'stale' = any("only") and is_stale(c, is_named.column_version)
      or 'outdated' = any("only") and is_outdated(c, is_named.model, is_named.prompt_version) end
$$;

-- Whether a job asks a cell as it stands, and therefore may write it. `job_id` and `began` are null for a job that does
-- not exist yet. What a job wrote or failed at it does not ask twice. What a person does during the run stands.
create function job_asks(
  job_id uuid, began timestamptz, "only" text[], model text, prompt_version text, c tabular_cells, column_version int
) returns boolean language sql immutable as $$
  select case
    when is_missing(c) then is_named("only", model, prompt_version, c, column_version)
    when c.job_id = job_asks.job_id or c.attempt_job_id = job_asks.job_id or c.touched_at > began then false
    when c.again_job_id = job_asks.job_id or job_asks.job_id is null and 'again' = any("only") then true
    when is_a_persons(c) then false
    else is_named("only", model, prompt_version, c, column_version) end
$$;

create or replace function columns_to_ask(job tabular_jobs, document_id uuid) returns setof tabular_columns
language sql stable as $$
  select col.*
  from tabular_columns col
  left join tabular_cells c
    on c.review_id = job.review_id and c.document_id = columns_to_ask.document_id and c.column_id = col.id
  where col.review_id = job.review_id
    and (job.column_ids is null or col.id = any(job.column_ids))
    and job_asks(job.id, job.created_at, job."only", job.model, job.prompt_version, c, col.version)
  order by col.index, col.id
$$;

create or replace function items_to_ask(
  review_id uuid, "only" text[], model text, prompt_version text, column_ids uuid[], document_ids uuid[]
) returns table (document_id uuid, "position" int, cells bigint) language sql stable as $$
  with asked_columns as (
    select col.id, col.version from tabular_columns col
    where col.review_id = items_to_ask.review_id and (column_ids is null or col.id = any(column_ids))
  ), answered as (
    select c.document_id, count(*) as cells,
           count(*) filter (where job_asks(null, null, items_to_ask."only", items_to_ask.model,
                                           items_to_ask.prompt_version, c, col.version)) as asked
    from tabular_cells c join asked_columns col on col.id = c.column_id
    where c.review_id = items_to_ask.review_id
    group by c.document_id
  )
  select d.document_id, d.position, t.cells
  from review_documents d
  left join answered a on a.document_id = d.document_id
  cross join lateral (
    select coalesce(a.asked, 0)
           + case when items_to_ask."only" && array['missing', 'all', 'again']
             then (select count(*) from asked_columns) - coalesce(a.cells, 0) else 0 end as cells) t
  where d.review_id = items_to_ask.review_id
    and (document_ids is null or d.document_id = any(document_ids))
    and t.cells > 0
$$;

-- How many answers a job would ask again, if they were not a person's.
create function answers_left_alone(
  review_id uuid, "only" text[], model text, prompt_version text, column_ids uuid[], document_ids uuid[]
) returns bigint language sql stable as $$
  select count(*)
  from tabular_cells c join tabular_columns col on col.id = c.column_id
  where c.review_id = answers_left_alone.review_id
    and (column_ids is null or col.id = any(column_ids))
    and (document_ids is null or c.document_id = any(document_ids))
    and is_a_persons(c) and not is_missing(c)
    and is_named(answers_left_alone."only", answers_left_alone.model, answers_left_alone.prompt_version, c, col.version)
$$;

drop function job_asks(uuid, text[], text, text, text, uuid, timestamptz, int, text, text, int);

-- ── Attempts that failed ────────────────────────────────────────────────────────────────────────────────────────

-- The only place where a failure reaches cells: beside the answer, if there is one. Returns how many it was noted in.
create function note_failed_attempts(
  job tabular_jobs, document_id uuid, column_ids uuid[], column_versions int[], errors text[]
) returns bigint language sql volatile as $$
  with noted as (
    insert into tabular_cells as c (review_id, document_id, column_id, status, error, column_version, model,
                                    prompt_version, job_id, attempt_error, attempted_at, attempt_job_id, changed_xid)
    select job.review_id, d.document_id, col.id, 'error', failed.error, failed.version, job.model,
           job.prompt_version, job.id, failed.error, clock_timestamp(), job.id, pg_current_xact_id()
    from unnest(column_ids, column_versions, errors) as failed (column_id, version, error)
    join tabular_columns col on col.id = failed.column_id
    join review_documents d on d.review_id = job.review_id and d.document_id = note_failed_attempts.document_id
    on conflict (review_id, document_id, column_id) do update
    set attempt_error = excluded.attempt_error, attempted_at = excluded.attempted_at,
        attempt_job_id = excluded.attempt_job_id,
        status = case when c.status = 'done' then c.status else excluded.status end,
        error = case when c.status = 'done' then c.error else excluded.error end,
        column_version = case when c.status = 'done' then c.column_version else excluded.column_version end,
        model = case when c.status = 'done' then c.model else excluded.model end,
        prompt_version = case when c.status = 'done' then c.prompt_version else excluded.prompt_version end,
        job_id = case when c.status = 'done' then c.job_id else excluded.job_id end
    where job_asks(job.id, job.created_at, job."only", job.model, job.prompt_version, c,
                   (select col.version from tabular_columns col where col.id = c.column_id))
    returning 1
  )
  select count(*) from noted
$$;

-- What an item that ended as an error leaves in the cells that it was to answer; returns how many.
create or replace function note_failed_item(job tabular_jobs, document_id uuid, error text) returns bigint
language sql volatile as $$
  select note_failed_attempts(job, note_failed_item.document_id, array_agg(col.id), array_agg(col.version),
                              array_agg(note_failed_item.error))
  from columns_to_ask(job, note_failed_item.document_id) col
$$;

-- ── What people do ──────────────────────────────────────────────────────────────────────────────────────────────

-- As in 009. A verification is of one answer, with one evidence, to one wording of the question.
create or replace function stamp_tabular_cell() returns trigger language plpgsql as $$
begin
  new.changed_xid := pg_current_xact_id();
  new.updated_at := now();
  if tg_op = 'UPDATE' and new.verified_at is not distinct from old.verified_at
     and ((new.status, new.summary, new.value, new.citations, new.column_version)
            is distinct from (old.status, old.summary, old.value, old.citations, old.column_version)
          or new.job_id is distinct from old.job_id
             and (new.flag, new.rule, new.reasoning) is distinct from (old.flag, old.rule, old.reasoning)) then
    new.verified_at := null;
  end if;
  if new.verified_at is null then
    new.verified_by := null;
  end if;
  if new.edited_at is null then
    new.edited_by := null;
  end if;
  if new.flag is null then
    new.rule := null;
  end if;
  if new.value is null then
    new.value_format := null;
  end if;
  if new.status = 'error' and new.attempted_at is null then
    new.attempt_error := coalesce(new.error, 'The last attempt failed.');
    new.attempted_at := now();
    new.attempt_job_id := new.job_id;
  end if;
  return new;
end $$;

-- `replace`: a run replaced an answer that a person had acted on; `email` is then the model.
alter table tabular_cell_changes drop constraint tabular_cell_changes_action_check;
alter table tabular_cell_changes add constraint tabular_cell_changes_action_check
  check (action in ('edit', 'verify', 'unverify', 'clear', 'restore', 'regenerate', 'replace'));
create policy work on tabular_cell_changes for insert to columnist_worker with check (true);
grant insert on tabular_cell_changes to columnist_worker;

-- All that it takes to bring the answer back.
create or replace function cell_content(c tabular_cells) returns jsonb language sql stable as $$
  select case when c.review_id is not null then jsonb_build_object(
    'status', c.status, 'summary', c.summary, 'value', c.value, 'value_format', c.value_format, 'flag', c.flag,
    'rule', c.rule, 'reasoning', c.reasoning, 'citations', c.citations, 'verified', c.verified, 'error', c.error,
    'column_version', c.column_version, 'model', c.model, 'prompt_version', c.prompt_version, 'job_id', c.job_id,
    'attempt_error', c.attempt_error, 'attempted_at', c.attempted_at, 'attempt_job_id', c.attempt_job_id,
    'edited_at', c.edited_at, 'edited_by', c.edited_by, 'verified_at', c.verified_at,
    'verified_by', c.verified_by) end
$$;

drop function change_tabular_cell(uuid, uuid, uuid, text, uuid, text, text, jsonb, text, text, timestamptz, text);

-- The only place where a person changes a cell; as its caller, so the policies hold. Notes who, before and after.
-- Returns 'done', 'missing' (no answer to act on) or, if `checks`, 'changed' (it is not as it was at `expected`; null:
-- nobody had written it yet). A flag or a note without a summary goes beside the answer and changes nothing else of it.
create function change_tabular_cell(
  review_id uuid, document_id uuid, column_id uuid, action text, user_id uuid, email text,
  summary text default null, value jsonb default null, value_format text default null, flag text default null,
  rule text default null, reasoning text default null, checks boolean default false, expected timestamptz default null,
  job_id uuid default null
) returns text language plpgsql volatile as $$
#variable_conflict use_column
declare
  old tabular_cells;
  now_there tabular_cells;
  is_new boolean := false;
begin
  if action = 'edit' and change_tabular_cell.summary is not null then
    -- A row to lock, so that of two first answers the second sees the first.
    insert into tabular_cells (review_id, document_id, column_id, status, column_version, changed_xid)
    select col.review_id, change_tabular_cell.document_id, col.id, 'pending', col.version, pg_current_xact_id()
    from tabular_columns col
    where col.review_id = change_tabular_cell.review_id and col.id = change_tabular_cell.column_id
    on conflict (review_id, document_id, column_id) do nothing;
    is_new := found;
  end if;
  select c.* into old from tabular_cells c
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
     or action = 'clear' and is_missing(old) then
    return 'missing';
  end if;

  update tabular_cells c
  set touched_at = case when action = 'regenerate' then c.touched_at else clock_timestamp() end,
      again_job_id = case when action = 'regenerate' then change_tabular_cell.job_id end
  where c.review_id = change_tabular_cell.review_id and c.document_id = change_tabular_cell.document_id
    and c.column_id = change_tabular_cell.column_id
  returning c.* into now_there;

  if action = 'edit' and change_tabular_cell.summary is null then
    update tabular_cells c
    set flag = coalesce(change_tabular_cell.flag, c.flag),
        rule = case when change_tabular_cell.flag is null then c.rule else change_tabular_cell.rule end,
        reasoning = coalesce(change_tabular_cell.reasoning, c.reasoning)
    where (c.review_id, c.document_id, c.column_id) = (now_there.review_id, now_there.document_id, now_there.column_id)
    returning c.* into now_there;
  elsif action = 'edit' then
    update tabular_cells c
    set status = 'done', error = null, answer_key = null, column_version = col.version,
        attempt_error = null, attempted_at = null, attempt_job_id = null,
        summary = change_tabular_cell.summary, value = change_tabular_cell.value,
        value_format = change_tabular_cell.value_format, flag = coalesce(change_tabular_cell.flag, c.flag),
        rule = case when change_tabular_cell.flag is null then c.rule else change_tabular_cell.rule end,
        reasoning = coalesce(change_tabular_cell.reasoning, c.reasoning),
        edited_at = c.touched_at, edited_by = change_tabular_cell.email
    from tabular_columns col
    where (c.review_id, c.document_id, c.column_id) = (now_there.review_id, now_there.document_id, now_there.column_id)
      and col.id = c.column_id
    returning c.* into now_there;
  elsif action in ('verify', 'unverify') then
    update tabular_cells c
    set verified_at = case when action = 'verify' then c.touched_at end,
        verified_by = case when action = 'verify' then change_tabular_cell.email end
    where (c.review_id, c.document_id, c.column_id) = (now_there.review_id, now_there.document_id, now_there.column_id)
    returning c.* into now_there;
  elsif action = 'clear' then
    -- The row stays, so that the delta feed shows it.
    update tabular_cells c
    set status = 'pending', summary = null, value = null, flag = null, reasoning = null, citations = '[]',
        verified = null, error = null, answer_key = null, edited_at = null, job_id = null,
        attempt_error = null, attempted_at = null, attempt_job_id = null
    where (c.review_id, c.document_id, c.column_id) = (now_there.review_id, now_there.document_id, now_there.column_id)
    returning c.* into now_there;
  end if;

  insert into tabular_cell_changes (review_id, document_id, column_id, action, user_id, email, before, after)
  values (change_tabular_cell.review_id, change_tabular_cell.document_id, change_tabular_cell.column_id,
          change_tabular_cell.action, change_tabular_cell.user_id, change_tabular_cell.email,
          cell_content(old), cell_content(now_there));
  return 'done';
end $$;

-- Puts back what was cleared, with its stamps, if nothing answered since; as its caller, so the policies hold. What was
-- asked in vain meanwhile does not count. Returns 'done' or 'missing' (there is nothing to put back).
create or replace function restore_tabular_cell(
  review_id uuid, document_id uuid, column_id uuid, user_id uuid, email text
) returns text language plpgsql volatile as $$
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
    and h.column_id = restore_tabular_cell.column_id and h.action in ('clear', 'restore', 'edit', 'replace')
  order by h.id desc limit 1;
  if old.review_id is null or old.status = 'done' or cleared.action is distinct from 'clear' then
    return 'missing';
  end if;
  was := jsonb_populate_record(old, cleared.before);  -- an old entry has fewer fields

  update tabular_cells c
  set status = was.status, summary = was.summary, value = was.value, value_format = was.value_format, flag = was.flag,
      rule = was.rule, reasoning = was.reasoning, citations = was.citations, verified = was.verified,
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

  insert into tabular_cell_changes (review_id, document_id, column_id, action, user_id, email, before, after)
  values (restore_tabular_cell.review_id, restore_tabular_cell.document_id, restore_tabular_cell.column_id,
          'restore', restore_tabular_cell.user_id, restore_tabular_cell.email, cell_content(old),
          cell_content(now_there));
  return 'done';
end $$;
