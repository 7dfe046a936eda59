-- The id of this installation, which its file store carries, too: documents/ownership.py.

create table installation (
  id uuid not null default gen_random_uuid(),
  one boolean primary key default true check (one),
  marked_at timestamptz  -- since when a store carries the id: from then on one without it is not the store
);

alter table installation enable row level security;
alter table installation force row level security;
revoke all on installation from public, anon, authenticated;
create policy work on installation to columnist_worker using (true) with check (true);
grant select, insert, update on installation to columnist_worker;
