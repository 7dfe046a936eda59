-- A login that only runs Columnist reads, as a worker, which schema there is (db/migrate.py).
grant select on columnist_migrations, columnist_definitions to columnist_worker;
create policy work on columnist_migrations for select to columnist_worker using (true);
create policy work on columnist_definitions for select to columnist_worker using (true);

-- Whoever signs in by the role of requests waits no longer than this; Supabase has set its own. `set role` does not apply
-- them, so Columnist's own connections set theirs (db/connect.py).
do $$
begin
  if not exists (select from pg_db_role_setting s, unnest(s.setconfig) c
                 where s.setrole = 'authenticated'::regrole and c like 'statement\_timeout=%') then
    alter role authenticated set statement_timeout = '120s';
  end if;
  if not exists (select from pg_db_role_setting s, unnest(s.setconfig) c
                 where s.setrole = 'authenticated'::regrole and c like 'idle\_in\_transaction%') then
    alter role authenticated set idle_in_transaction_session_timeout = '300s';
  end if;
exception when insufficient_privilege then
  null;  -- the role is somebody else's
end $$;
