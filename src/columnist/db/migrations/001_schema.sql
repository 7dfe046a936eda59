-- The tables, the indexes and the functions that guard them. Row-level security is in 002_access.sql.

create table users (
  id uuid primary key,
  email text not null,
  created_at timestamptz not null default now()
);

-- ── Documents: a file somebody uploaded, and what was read from its bytes (once per content hash) ────────────────

create table documents (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  name text not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  size_bytes bigint not null,
  created_at timestamptz not null default now(),
  unique (user_id, sha256, name)
);
create index documents_by_content on documents (sha256);

create table document_contents (
  sha256 text primary key,
  media_type text,
  page_count int not null default 0,
  characters bigint not null default 0,
  error text,                            -- why it cannot be read; the pages are then absent
  reader_version int not null,
  read_at timestamptz not null default now()
);

create table document_pages (
  sha256 text not null references document_contents on delete cascade,
  number int not null check (number >= 1),
  text text not null,
  width real not null,
  height real not null,
  primary key (sha256, number)
);

-- ── Reviews: the grid ───────────────────────────────────────────────────────────────────────────────────────────

create table tabular_reviews (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  name text not null check (name <> ''),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, name)
);

create table review_members (
  review_id uuid not null references tabular_reviews on delete cascade,
  email text not null check (email = lower(email)),
  role text not null check (role in ('owner', 'editor', 'viewer')),
  created_at timestamptz not null default now(),
  primary key (review_id, email)
);
create index review_members_by_email on review_members (email);

create table review_documents (
  review_id uuid not null references tabular_reviews on delete cascade,
  document_id uuid not null references documents on delete cascade,
  position int not null,
  primary key (review_id, document_id)
);
create index review_documents_in_order on review_documents (review_id, position);
create index review_documents_by_document on review_documents (document_id);

create table tabular_columns (
  id uuid primary key default gen_random_uuid(),
  review_id uuid not null references tabular_reviews on delete cascade,
  index int not null,
  name text not null check (name <> ''),
  prompt text not null,
  format text not null check (format in ('text', 'bulleted_list', 'number', 'percentage', 'monetary_amount',
                                         'currency', 'yes_no', 'date', 'tag')),
  tags text[] not null default '{}',
  version int not null default 1,        -- grows when prompt, format or tags change: its cells are then stale
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (review_id, name)
);

-- ── Jobs: one run of generate, and one item per document ────────────────────────────────────────────────────────

create table tabular_jobs (
  id uuid primary key default gen_random_uuid(),
  review_id uuid not null references tabular_reviews on delete cascade,
  user_id uuid not null,
  status text not null default 'pending' check (status in ('pending', 'running', 'completed', 'failed', 'cancelled')),
  model text not null,
  prompt_version text not null,
  "only" text[] not null check ("only" <@ array['missing', 'stale', 'failed', 'all']),
  column_ids uuid[],                     -- null: every column of the review
  total_items int not null,
  total_cells int not null,
  -- Sums over the items that ended, kept by settle_tabular_jobs(): nobody counts items.
  completed_items int not null default 0,
  error_items int not null default 0,
  skipped_items int not null default 0,
  done_cells int not null default 0,
  error_cells int not null default 0,
  prompt_tokens bigint not null default 0,
  cached_tokens bigint not null default 0,
  completion_tokens bigint not null default 0,
  recent_items double precision not null default 0,   -- items ended, decayed over a minute: the rate (job_progress.sql)
  error text,
  started_at timestamptz,
  completed_at timestamptz,
  cancel_requested_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_xid xid8 not null default pg_current_xact_id(),  -- where the job's delta feed begins
  unique (id, review_id)
) with (fillfactor = 50);                -- the counters change often: leave room for HOT updates

create unique index tabular_jobs_one_live_per_review on tabular_jobs (review_id) where status in ('pending', 'running');
create index tabular_jobs_by_review on tabular_jobs (review_id, created_at);

create table tabular_job_items (
  id bigint generated always as identity primary key,
  job_id uuid not null,
  review_id uuid not null,               -- the job's: so that access needs no look at the job
  document_id uuid not null,             -- no foreign key: a deleted document leaves its history
  position int not null,                 -- the order in which a job's items are claimed
  status text not null default 'pending' check (status in ('pending', 'running', 'completed', 'error', 'skipped')),
  attempt_count int not null default 0,  -- the fencing token: never decreases
  handed_back_count int not null default 0,  -- attempts that a shutdown gave back: they do not count as tries
  lease_expires_at timestamptz,          -- running: another worker may take it then; pending: not before then (back-off)
  error text,
  started_at timestamptz,
  completed_at timestamptz,
  created_at timestamptz not null default now(),
  foreign key (job_id, review_id) references tabular_jobs (id, review_id) on delete cascade,
  check ((completed_at is not null) = (status in ('completed', 'error', 'skipped')))
) with (fillfactor = 70);                -- claim, heartbeat and hand-back touch no indexed column: HOT updates

-- The claim's index. Its predicate is completed_at, which only the end of an item changes.
create index tabular_job_items_open on tabular_job_items (job_id, position) where completed_at is null;
create index tabular_job_items_by_document on tabular_job_items (job_id, document_id);

-- ── Cells ───────────────────────────────────────────────────────────────────────────────────────────────────────

create table tabular_cells (
  review_id uuid not null,
  document_id uuid not null,
  column_id uuid not null references tabular_columns on delete cascade,
  status text not null check (status in ('pending', 'generating', 'done', 'error')),
  summary text,
  value jsonb,
  flag text check (flag in ('green', 'yellow', 'red', 'grey')),
  reasoning text,
  citations jsonb not null default '[]',
  verified boolean,                      -- every quote was found in the document; null without quotes
  error text,
  column_version int not null,
  model text,
  prompt_version text,
  answer_key bytea,                      -- document text, question, model and prompt version: same key, same answer
  prompt_tokens int not null default 0,
  cached_tokens int not null default 0,
  completion_tokens int not null default 0,
  job_id uuid,
  edited_at timestamptz,                 -- a person's answer: generate leaves it alone
  changed_xid xid8 not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (review_id, document_id, column_id),
  foreign key (review_id, document_id) references review_documents on delete cascade
);
create index tabular_cells_feed on tabular_cells (review_id, changed_xid, document_id, column_id);
create index tabular_cells_by_column on tabular_cells (column_id);
create index tabular_cells_reusable on tabular_cells (answer_key)
  where status = 'done' and edited_at is null and answer_key is not null;

-- Whoever writes a cell, the delta feed sees it.
create function stamp_tabular_cell() returns trigger language plpgsql as $$
begin
  new.changed_xid := pg_current_xact_id();
  new.updated_at := now();
  return new;
end $$;
create trigger stamp before insert or update on tabular_cells for each row execute function stamp_tabular_cell();

-- A column's version grows with every edit that changes what is asked.
create function version_tabular_column() returns trigger language plpgsql as $$
begin
  if (new.prompt, new.format, new.tags) is distinct from (old.prompt, old.format, old.tags) then
    new.version := old.version + 1;
  end if;
  new.updated_at := now();
  return new;
end $$;
create trigger version before update on tabular_columns for each row execute function version_tabular_column();

-- Whether a job asks a question whose cell stands as given (all null: never asked). A cell that this job wrote is not
-- asked again, and a person's answer only if everything is asked for.
create function job_asks(
  job_id uuid, "only" text[], model text, prompt_version text,
  cell_status text, cell_job_id uuid, cell_edited_at timestamptz,
  cell_version int, cell_model text, cell_prompt_version text, column_version int
) returns boolean language sql immutable as $$
  select case
    when cell_status is null then "only" && array['missing', 'all']
    when cell_job_id = job_id then false
    when 'all' = any("only") then true
    when cell_edited_at is not null then false
    when cell_status = 'error' then 'failed' = any("only")
    when (cell_version, cell_model, cell_prompt_version) is distinct from (column_version, model, prompt_version)
      then 'stale' = any("only")
    else false
  end
$$;

-- The columns that a job still has to ask about a document, in the grid's order.
create function columns_to_ask(job tabular_jobs, document_id uuid) returns setof tabular_columns language sql stable as $$
  select col.*
  from tabular_columns col
  left join tabular_cells c
    on c.review_id = job.review_id and c.document_id = columns_to_ask.document_id and c.column_id = col.id
  where col.review_id = job.review_id
    and (job.column_ids is null or col.id = any(job.column_ids))
    and job_asks(job.id, job."only", job.model, job.prompt_version, c.status, c.job_id, c.edited_at,
                 c.column_version, c.model, c.prompt_version, col.version)
  order by col.index, col.id
$$;

-- ── The job engine's functions (its statements are in jobs/sql) ─────────────────────────────────────────────────

-- Takes up to `batch` open items for `lease_seconds` and returns them; waits for no lock. Live jobs share the pool:
-- the calling pool says how many items of which jobs it holds already, and each job gets what fills its share.
-- `models` are those that the pool can ask (null: any). Items out of attempts are left to end_abandoned_items.sql.
create function claim_tabular_job_items(
  lease_seconds double precision, batch int, max_attempts int,
  held_jobs uuid[] default '{}', held_items int[] default '{}', models text[] default null
) returns setof tabular_job_items language plpgsql volatile as $$
begin
  return query
  with eligible as materialized (
    select j.id, coalesce((select h.items from unnest(held_jobs, held_items) h (job_id, items) where h.job_id = j.id), 0)
             as holds
    from tabular_jobs j
    -- Not `exists`, nor an order by id: a join or another index would be planned, and read every item.
    cross join lateral (
      select from tabular_job_items i
      where i.job_id = j.id and i.completed_at is null
        and (i.lease_expires_at is null or i.lease_expires_at <= now())
        and i.attempt_count - i.handed_back_count < max_attempts
      order by i.position limit 1) claimable
    where j.status in ('pending', 'running')
      and j.cancel_requested_at is null
      and (models is null or j.model = any(models))
  ), share as materialized (
    select id, holds, ceil((batch + sum(holds) over ()) / count(*) over ())::int - holds as open_slots from eligible
  ), picked as materialized (
    select i.id
    from (select * from share where open_slots > 0 order by holds, random()) s
    cross join lateral (
      select i.id from tabular_job_items i
      where i.job_id = s.id and i.completed_at is null
        and (i.lease_expires_at is null or i.lease_expires_at <= now())
        and i.attempt_count - i.handed_back_count < max_attempts
      order by i.position
      limit least(s.open_slots, batch)
      for update skip locked) i
    limit batch
  )
  update tabular_job_items i
  set status = 'running',
      attempt_count = attempt_count + 1,
      lease_expires_at = now() + make_interval(secs => lease_seconds),
      started_at = coalesce(started_at, now())
  where i.id = any(array(select id from picked))  -- an array, so that the plan is the primary key whatever the statistics
  returning i.*;
end $$;

-- The one-item form, for anybody who brings a worker of their own.
create function claim_tabular_job_item(lease_seconds double precision) returns setof tabular_job_items
language sql volatile as $$
  select * from claim_tabular_job_items(lease_seconds, 1, 3)
$$;

-- The only place where jobs end. Runs once per statement that ends items, whoever ends them: an item that ends as an
-- error leaves an error in each cell it was to answer, its job's sums grow, and the job ends with its last item.
create function settle_tabular_jobs() returns trigger language plpgsql as $$
begin
  if not exists (select from new_items where completed_at is not null) then
    return null;
  end if;

  insert into tabular_cells (review_id, document_id, column_id, status, error, column_version, model, prompt_version,
                             job_id, changed_xid)
  select j.review_id, n.document_id, col.id, 'error', n.error, col.version, j.model, j.prompt_version,
         j.id, pg_current_xact_id()
  from new_items n
  join old_items o on o.id = n.id and o.completed_at is null
  join tabular_jobs j on j.id = n.job_id
  join review_documents d on d.review_id = j.review_id and d.document_id = n.document_id
  cross join lateral columns_to_ask(j, n.document_id) col
  where n.status = 'error'
  on conflict (review_id, document_id, column_id) do update
  set status = 'error', error = excluded.error, column_version = excluded.column_version, model = excluded.model,
      prompt_version = excluded.prompt_version, job_id = excluded.job_id, summary = null, value = null, flag = null,
      reasoning = null, citations = '[]', verified = null, answer_key = null, edited_at = null,
      prompt_tokens = 0, cached_tokens = 0, completion_tokens = 0;

  -- Lock in one order: two pools may end items of the same two jobs at the same time.
  perform from tabular_jobs
  where id in (select job_id from new_items) order by id for no key update;

  update tabular_jobs j
  set completed_items = j.completed_items + t.completed,
      error_items = j.error_items + t.failed,
      skipped_items = j.skipped_items + t.skipped,
      done_cells = j.done_cells + t.done_cells,
      error_cells = j.error_cells + t.error_cells,
      prompt_tokens = j.prompt_tokens + t.prompt_tokens,
      cached_tokens = j.cached_tokens + t.cached_tokens,
      completion_tokens = j.completion_tokens + t.completion_tokens,
      recent_items = j.recent_items * exp(-extract(epoch from clock_timestamp() - j.updated_at) / 60) + t.ended,
      started_at = coalesce(j.started_at, now()),
      updated_at = clock_timestamp(),
      status = case
        when j.completed_items + j.error_items + j.skipped_items + t.ended < j.total_items then j.status
        when j.cancel_requested_at is not null then 'cancelled'
        when j.error_items + t.failed = j.total_items then 'failed'
        else 'completed' end,
      error = case
        when j.error_items + t.failed = j.total_items then 'No document could be answered; the first says: ' || t.error
        else j.error end,
      completed_at = case
        when j.completed_items + j.error_items + j.skipped_items + t.ended >= j.total_items then clock_timestamp() end
  from (
    select n.job_id,
           count(*) as ended,
           count(*) filter (where n.status = 'completed') as completed,
           count(*) filter (where n.status = 'error') as failed,
           count(*) filter (where n.status = 'skipped') as skipped,
           min(n.error) filter (where n.status = 'error') as error,
           coalesce(sum(c.done), 0) as done_cells,
           coalesce(sum(c.failed), 0) as error_cells,
           coalesce(sum(c.prompt_tokens), 0) as prompt_tokens,
           coalesce(sum(c.cached_tokens), 0) as cached_tokens,
           coalesce(sum(c.completion_tokens), 0) as completion_tokens
    from new_items n
    join old_items o on o.id = n.id and o.completed_at is null and n.completed_at is not null
    cross join lateral item_cells(n.review_id, n.document_id, n.job_id) c
    group by n.job_id
  ) t
  where j.id = t.job_id;
  return null;
end $$;

-- What a job has written about a document so far: counts and tokens of its cells.
create function item_cells(review_id uuid, document_id uuid, job_id uuid)
returns table (done bigint, failed bigint, prompt_tokens bigint, cached_tokens bigint, completion_tokens bigint)
language sql stable as $$
  select count(*) filter (where c.status = 'done'), count(*) filter (where c.status = 'error'),
         coalesce(sum(c.prompt_tokens), 0), coalesce(sum(c.cached_tokens), 0), coalesce(sum(c.completion_tokens), 0)
  from tabular_cells c
  where c.review_id = item_cells.review_id and c.document_id = item_cells.document_id and c.job_id = item_cells.job_id
$$;

create trigger settle after update on tabular_job_items
referencing old table as old_items new table as new_items
for each statement execute function settle_tabular_jobs();
