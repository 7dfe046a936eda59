-- Who did what: written by triggers and by functions of the gate, changed by nobody. It has nobody's words but e-mail
-- addresses, and outlives what it is about.
create table events (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  xid xid8 not null default pg_current_xact_id(),  -- in its order none is missed that is committed late
  action text not null,
  user_id uuid,                          -- null: a worker or an operator
  email text,
  owner_id uuid,                         -- whose the review is, or the document
  review_id uuid,                        -- no foreign keys
  document_id uuid,
  facts jsonb not null default '{}'
);
create index events_in_order on events (xid, id);
create index events_by_review on events (review_id);

alter table events enable row level security;
alter table events force row level security;
revoke all on events from public, anon, authenticated;
-- Not id and xid, which tell how much others do.
grant select (at, action, user_id, email, owner_id, review_id, document_id, facts) on events to authenticated;
grant select on events to columnist_worker;
grant insert on events to columnist_gate;

-- A user is known from the first sign-in on. Whether one is admitted is not theirs to say.
alter table users add signed_in_at timestamptz, add disabled_at timestamptz;
revoke insert, update, delete on users from authenticated;
grant insert (id, email), update (email) on users to authenticated;
grant insert, update on users to columnist_gate;

-- When a review is to be deleted by itself.
alter table tabular_reviews add delete_at timestamptz;
create index tabular_reviews_to_delete on tabular_reviews (delete_at) where delete_at is not null;
grant update (delete_at), delete on tabular_reviews to columnist_gate;
