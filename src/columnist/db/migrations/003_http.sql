-- What the HTTP API keeps: budgets, the audit trail of cells, tokens, idempotency keys and people's own templates.

-- ── A job has prices, and may have a budget: it pauses when that is spent ───────────────────────────────────────

alter table tabular_jobs
  add price_prompt numeric not null default 0,       -- US dollars per million tokens, as set when the job began
  add price_cached numeric not null default 0,
  add price_completion numeric not null default 0,
  add budget numeric check (budget > 0),             -- US dollars
  add paused_at timestamptz,                         -- nothing is claimed meanwhile; what runs goes on
  add pause_reason text;

create function job_price(job tabular_jobs, prompt_tokens bigint, cached_tokens bigint, completion_tokens bigint)
returns numeric language sql immutable as $$
  select ((prompt_tokens - cached_tokens) * job.price_prompt + cached_tokens * job.price_cached
          + completion_tokens * job.price_completion) / 1000000
$$;

-- After settle_tabular_jobs() has added up what an ended item cost.
create function pause_tabular_jobs() returns trigger language plpgsql as $$
begin
  if new.budget is not null and new.paused_at is null and new.status in ('pending', 'running')
     and job_price(new, new.prompt_tokens, new.cached_tokens, new.completion_tokens) >= new.budget then
    new.paused_at := now();
    new.pause_reason := format('The budget of $%s is spent. Resume the job with a larger one, or cancel it.',
                               trim_scale(new.budget));
  end if;
  return new;
end $$;
create trigger pause before update of prompt_tokens, budget on tabular_jobs
  for each row execute function pause_tabular_jobs();

-- As in 001, and nothing of a paused job.
create or replace function claim_tabular_job_items(
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
      and j.paused_at is null
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

-- ── Cells: what people do with them ─────────────────────────────────────────────────────────────────────────────

alter table tabular_cells
  add edited_by text,                    -- e-mail addresses
  add verified_at timestamptz,           -- a person has looked at the evidence and agrees
  add verified_by text;

-- Whoever writes a cell, the delta feed sees it; and nobody has verified an answer that is another now.
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
  return new;
end $$;

create table tabular_cell_changes (
  id bigint generated always as identity primary key,
  review_id uuid not null references tabular_reviews on delete cascade,
  document_id uuid not null,             -- no foreign keys: a removed row or column leaves its history
  column_id uuid not null,
  action text not null check (action in ('edit', 'verify', 'unverify', 'clear', 'regenerate')),
  user_id uuid not null,
  email text not null,
  before jsonb,                          -- status, summary, value, flag, reasoning, citations, verified_by; null: no cell
  after jsonb,
  created_at timestamptz not null default now()
);
create index tabular_cell_changes_of_cell on tabular_cell_changes (review_id, document_id, column_id, id);

-- ── What belongs to one user ────────────────────────────────────────────────────────────────────────────────────

create table api_tokens (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  email text not null,
  name text not null check (name <> ''),
  hash bytea not null unique,            -- SHA-256 of the token; 256 random bits need no salt
  scope text not null check (scope in ('read', 'write')),
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,              -- to the minute
  revoked_at timestamptz
);
create index api_tokens_by_user on api_tokens (user_id);

create table idempotency_keys (
  user_id uuid not null,
  key text not null,
  request_hash bytea not null,           -- of route and body: a key is for one request
  response jsonb,                        -- null while the request is under way
  created_at timestamptz not null default now(),
  primary key (user_id, key)
);
create index idempotency_keys_by_age on idempotency_keys (user_id, created_at);

create table column_templates (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  name text not null check (name <> ''),
  columns jsonb not null,                -- as POST /columns takes them
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, name)
);

-- ── Access ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- The caller's role in a review: owner, editor, viewer, or null. For the right refusal; the policies decide.
create function my_role(review_id uuid) returns text
language sql stable security definer set search_path = '' as $$
  select coalesce(
    (select 'owner' from public.tabular_reviews r
     where r.id = my_role.review_id and r.user_id = (select public.my_user_id())),
    (select m.role from public.review_members m
     where m.review_id = my_role.review_id
       and m.email = lower(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email')))
$$;

-- Whose a token is, before anybody is known. No row for a token that is revoked, expired or none.
create function user_of_api_token(hash bytea) returns table (user_id uuid, email text, scope text)
language sql volatile security definer set search_path = '' as $$
  with token as (
    select t.id, t.user_id, t.email, t.scope, t.last_used_at from public.api_tokens t
    where t.hash = user_of_api_token.hash and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
  ), used as (
    update public.api_tokens t set last_used_at = now() from token
    where t.id = token.id and (token.last_used_at is null or token.last_used_at < now() - interval '1 minute')
  )
  select token.user_id, token.email, token.scope from token
$$;

do $$
declare t text;
begin
  grant create on schema public to columnist_gate;
  alter function my_role(uuid) owner to columnist_gate;
  alter function user_of_api_token(bytea) owner to columnist_gate;
  revoke create on schema public from columnist_gate;

  foreach t in array array['tabular_cell_changes', 'api_tokens', 'idempotency_keys', 'column_templates'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('revoke all on %I from public, anon, authenticated', t);  -- as in 002
  end loop;
  foreach t in array array['api_tokens', 'idempotency_keys', 'column_templates'] loop
    execute format('create policy mine on %I to authenticated using (user_id = (select auth.uid())) '
                   'with check (user_id = (select auth.uid()))', t);
  end loop;
end $$;

-- A token speaks for its e-mail address, too.
create policy own_email on api_tokens as restrictive for insert to authenticated
  with check (email = coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email', ''));

create policy gate on api_tokens to columnist_gate using (true) with check (true);
grant select, update on api_tokens to columnist_gate;

-- History is added to, never changed.
create policy see on tabular_cell_changes for select to authenticated
  using (can_access_review(review_id, array(select my_review_ids())));
create policy add on tabular_cell_changes for insert to authenticated
  with check (can_access_review(review_id, array(select my_review_ids('editor'))) and user_id = (select auth.uid()));
grant select, insert on tabular_cell_changes to authenticated;

grant select, insert, update, delete on api_tokens, idempotency_keys, column_templates to authenticated;
