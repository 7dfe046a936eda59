-- The pools that have not been heard of for a minute, and have not left: they say every few seconds that they are there.
create or replace function silent_workers() returns uuid[]
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(w.id), '{}') from public.tabular_workers w where w.seen_at < now() - interval '1 minute'
$$;
