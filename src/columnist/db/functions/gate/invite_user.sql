-- For operators: an invitation of an e-mail address, by the hash of its secret, ends every earlier one. The address
-- counts as verified, because the operator has vouched for it. An existing password stays until the invitation is used.
create or replace function invite_user(address text, invitation bytea) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  invited uuid;
begin
  insert into public.accounts as a (user_id, email, invitation, invitation_ends_at)
  values (gen_random_uuid(), lower(address), invite_user.invitation, now() + interval '7 days')
  on conflict (email) do update
  set invitation = excluded.invitation, invitation_ends_at = excluded.invitation_ends_at
  returning a.user_id into invited;
  insert into public.users (id, email) values (invited, lower(address)) on conflict do nothing;
  insert into public.events (action, owner_id, facts) values ('invite_user', invited, jsonb_build_object('with', lower(address)));
end $$;
revoke all on function invite_user(text, bytea) from public;
grant execute on function invite_user(text, bytea) to columnist_worker;
