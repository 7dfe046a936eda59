-- Refuses a job of a user who has too many live ones, or has spent the day's allowance.
create or replace function limit_jobs() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  made record;
  spent numeric;
begin
  for made in
    select n.user_id, bool_or(n.price_prompt + n.price_completion > 0) as costs
    from come n where n.status in ('pending', 'running') group by 1 order by 1
  loop
    spent := public.add_usage(made.user_id, 0, 0, 0);  -- locks: the second of two simultaneous jobs sees the first
    perform public.check_quota('jobs', (select count(*) from public.tabular_jobs j
                                        where j.user_id = made.user_id and j.status in ('pending', 'running')));
    if made.costs and spent >= public.quota('dollars') then
      perform public.refuse_over('dollars');
    end if;
  end loop;
  return null;
end $$;
