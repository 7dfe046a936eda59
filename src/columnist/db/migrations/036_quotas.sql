-- How much a user has stored and spent: counted in the transactions that store and spend, so that no two of them pass a
-- quota together (functions/gate/add_usage.sql).
create table user_usage (
  user_id uuid primary key,
  documents bigint not null default 0,
  size_bytes numeric not null default 0,
  spent_on date not null default current_date,   -- the day of `spent`, UTC
  spent numeric not null default 0               -- US dollars
);
alter table user_usage enable row level security;
alter table user_usage force row level security;
revoke all on user_usage from public, anon, authenticated;
grant select on user_usage to authenticated;
grant select, insert, update on user_usage to columnist_gate;

create policy gate on user_usage to columnist_gate using (true) with check (true);
set local role columnist_gate;
insert into user_usage (user_id, documents, size_bytes)
select user_id, count(*), sum(size_bytes) from documents where user_id is not null group by 1;
reset role;

create index tabular_jobs_live_by_user on tabular_jobs (user_id) where status in ('pending', 'running');

alter table tabular_jobs drop constraint tabular_jobs_pause_cause_check;
alter table tabular_jobs add constraint tabular_jobs_pause_cause_check
  check (pause_cause in ('budget', 'refusal', 'allowance'));
