-- Refuses more than a quota.
create or replace function check_quota(name text, used numeric) returns void language plpgsql stable
set search_path = pg_catalog, pg_temp as $$
begin
  if used > public.quota(name) then
    perform public.refuse_over(name);
  end if;
end $$;
