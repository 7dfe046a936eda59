-- For the sweep: notes the contents that are leaving the file store.
create or replace function note_destroyed_files(hashes text[]) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.events (action, facts)
  select 'destroy_files', jsonb_build_object('sha256', to_jsonb(hashes)) where cardinality(hashes) > 0
$$;
revoke all on function note_destroyed_files(text[]) from public;
grant execute on function note_destroyed_files(text[]) to columnist_worker;
