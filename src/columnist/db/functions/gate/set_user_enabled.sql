-- For operators: enables or disables a user; by id also one who has never signed in. Returns the users: an e-mail
-- address may have several, or none. The sessions of a disabled user end.
create or replace function set_user_enabled(who text, enabled boolean) returns table (id uuid, email text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  if who ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    insert into public.users (id, email) values (who::uuid, '') on conflict do nothing;
  end if;
  return query
  update public.users u
  set disabled_at = case when enabled then null else coalesce(u.disabled_at, now()) end
  where u.id::text = who or u.email = lower(who) and who <> ''
  returning u.id, u.email;
  if not enabled then
    perform public.end_sessions(who);
  end if;
end $$;
revoke all on function set_user_enabled(text, boolean) from public;
grant execute on function set_user_enabled(text, boolean) to columnist_worker;
