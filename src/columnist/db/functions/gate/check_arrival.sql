-- For the server: whether a user may store another document of that size; an early check, before its file is stored.
create or replace function check_arrival(who uuid, size_bytes bigint) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform public.check_quota('bytes', check_arrival.size_bytes);
  perform public.check_quota('documents', u.documents + 1),
          public.check_quota('bytes', u.size_bytes + check_arrival.size_bytes)
  from public.user_usage u where u.user_id = who;
end $$;
revoke all on function check_arrival(uuid, bigint) from public;
grant execute on function check_arrival(uuid, bigint) to columnist_worker;
