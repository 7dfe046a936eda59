-- Passwords that were tried lately: counted for all server processes together.
create table sign_in_guesses (
  tried bytea primary key,               -- SHA-256 of an account, a browser that knows one, or a client's address
  guesses int not null,
  ends_at timestamptz not null
);
create index sign_in_guesses_to_forget on sign_in_guesses (ends_at);
alter table sign_in_guesses enable row level security;
alter table sign_in_guesses force row level security;
revoke all on sign_in_guesses from public, anon, authenticated;
grant select, insert, update, delete on sign_in_guesses to columnist_gate;
