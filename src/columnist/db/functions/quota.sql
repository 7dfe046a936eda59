-- A quota of each user, by its name, from the calling process (db/quotas.py); null: none.
create or replace function quota(name text) returns numeric language sql stable set search_path = pg_catalog, pg_temp as $$
  select (nullif(current_setting('columnist.quotas', true), '')::jsonb ->> name)::numeric
$$;
