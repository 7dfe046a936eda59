-- US dollars left of a user's allowance for the day; null: no limit.
create or replace function allowance_left(who uuid) returns numeric
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select public.quota('dollars') - coalesce((
    select u.spent from public.user_usage u
    where u.user_id = who and u.spent_on = (now() at time zone 'UTC')::date), 0)
$$;
revoke all on function allowance_left(uuid) from public;
grant execute on function allowance_left(uuid) to columnist_worker;
