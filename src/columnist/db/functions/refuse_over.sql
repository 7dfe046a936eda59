-- Refuses an act over a quota; db/quotas.py has the sentence for it.
create or replace function refuse_over(name text) returns void language plpgsql stable
set search_path = pg_catalog, pg_temp as $$
begin
  raise exception using errcode = 'QUOTA', message = 'over a quota', detail = name;
end $$;
