-- How many bytes of new files a user has sent on a day (functions/gate/check_arrival.sql). Not in user_usage, whose rows
-- are locked for as long as a transaction that stores or deletes much.
create table user_arrivals (
  user_id uuid primary key,
  arrived_on date not null,                      -- UTC
  size_bytes numeric not null
);
alter table user_arrivals enable row level security;
alter table user_arrivals force row level security;
revoke all on user_arrivals from public, anon, authenticated;
grant select, insert, update on user_arrivals to columnist_gate;
