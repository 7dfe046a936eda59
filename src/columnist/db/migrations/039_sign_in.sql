-- Sign-in without an identity provider, and sessions. Secrets are kept as hashes, and only functions of the gate, most of
-- them for workers alone, reach these tables.
create table accounts (
  user_id uuid primary key,
  email text not null unique check (email = lower(email)),
  password text,                         -- Argon2id; null: has not used the invitation yet
  invitation bytea unique,               -- SHA-256 of the link's 256 random bits; null: none is open
  invitation_ends_at timestamptz,
  failures int not null default 0,       -- wrong passwords that the trail does not count yet
  failures_noted_at timestamptz
);

create table sessions (
  hash bytea primary key,                -- SHA-256 of the cookie's 256 random bits
  user_id uuid not null,
  email text not null,                   -- as it was at sign-in
  how text not null check (how in ('password', 'oidc')),
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),  -- to the minute
  ends_at timestamptz not null
);
create index sessions_by_user on sessions (user_id);

do $$
declare t text;
begin
  foreach t in array array['accounts', 'sessions'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('revoke all on %I from public, anon, authenticated', t);  -- as in 002
  end loop;
end $$;
grant select, insert, update on accounts to columnist_gate;
grant select, insert, update, delete on sessions to columnist_gate;
