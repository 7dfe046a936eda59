-- Takes the largest cost of a call that belongs to no job from the caller's allowance for the day; before the call, so
-- that two calls together cannot exceed it.
create or replace function spend(dollars numeric) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform public.check_quota('dollars', public.add_usage(public.my_user_id(), 0, 0, greatest(dollars, 0)));
end $$;
