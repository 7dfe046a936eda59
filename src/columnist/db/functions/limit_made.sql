-- Refuses more rows of one user or review than the quota that its first argument names, or more bytes of them than
-- `<quota>_bytes`. The second is the column of that user or review; the third says which rows count.
create or replace function limit_made() returns trigger language plpgsql volatile
set search_path = pg_catalog, pg_temp as $$
declare
  name constant text := tg_argv[0];
  of_one constant text := format('from public.%I t where t.%I = $1 and %s', tg_table_name, tg_argv[1],
                                 coalesce(tg_argv[2], 'true'));
  one uuid;
  used numeric;
begin
  for one in execute format('select distinct %I from come order by 1', tg_argv[1]) loop
    -- Of two sessions at the same time the second counts what the first has made.
    perform pg_advisory_xact_lock(hashtextextended(name || one, 0));
    if tg_op = 'INSERT' then
      execute 'select count(*) ' || of_one using one into used;
      perform public.check_quota(name, used);
    end if;
    if public.quota(name || '_bytes') is not null then
      execute 'select sum(octet_length(t::text)) ' || of_one using one into used;
      perform public.check_quota(name || '_bytes', used);
    end if;
  end loop;
  return null;
end $$;
