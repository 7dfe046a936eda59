-- Rows of the trail are only added, never changed, by any role.
create or replace function keep_events() returns trigger language plpgsql as $$
begin
  raise insufficient_privilege using message = 'Events are never changed nor deleted.';
end $$;
