-- Takes the most that a call may cost, which belongs to no job, from the caller's allowance for the day; before the call, so
-- that no two calls pass it together.
create or replace function spend(dollars numeric) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform public.check_quota('dollars', public.add_usage(public.my_user_id(), 0, 0, greatest(dollars, 0)));
end $$;
