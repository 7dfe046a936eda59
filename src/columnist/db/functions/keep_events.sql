-- The trail is added to and never changed, whoever asks.
create or replace function keep_events() returns trigger language plpgsql as $$
begin
  raise insufficient_privilege using message = 'Events are never changed nor deleted.';
end $$;
