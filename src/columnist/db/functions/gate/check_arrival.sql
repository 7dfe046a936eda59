-- For the server: counts a new file before it is stored, and refuses it if its user may not store another one of that
-- size. Files stay in the store for a day after their documents are deleted, so a user sends no more a day than they may
-- store.
create or replace function check_arrival(who uuid, size_bytes bigint) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  today constant date := (now() at time zone 'UTC')::date;
  arrived numeric;
begin
  perform public.check_quota('documents', u.documents + 1),
          public.check_quota('bytes', u.size_bytes + check_arrival.size_bytes)
  from public.user_usage u where u.user_id = who;
  insert into public.user_arrivals as a (user_id, arrived_on, size_bytes) values (who, today, check_arrival.size_bytes)
  on conflict (user_id) do update
  set arrived_on = today,
      size_bytes = case when a.arrived_on = today then a.size_bytes else 0 end + excluded.size_bytes
  returning a.size_bytes into arrived;
  perform public.check_quota('bytes', arrived);
end $$;
revoke all on function check_arrival(uuid, bigint) from public;
grant execute on function check_arrival(uuid, bigint) to columnist_worker;
