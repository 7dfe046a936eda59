-- For the sign-in: a new password, in place of `was` or by an open invitation, which is used up. Every session of the user
-- ends. False if the account has changed since it was read.
create or replace function set_password(who uuid, was text, invitation bytea, password text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  changed public.accounts;
begin
  update public.accounts a
  set password = set_password.password, invitation = null, invitation_ends_at = null
  where a.user_id = who and a.password is not distinct from was
    and (set_password.invitation is null or a.invitation = set_password.invitation and a.invitation_ends_at > now())
  returning a.* into changed;
  if changed is null then
    return false;
  end if;
  delete from public.sessions s where s.user_id = who;
  insert into public.events (action, user_id, email, owner_id, facts)
  values ('set_password', who, changed.email, who,
          jsonb_build_object('how', case when set_password.invitation is null then 'password' else 'invitation' end));
  return true;
end $$;
revoke all on function set_password(uuid, text, bytea, text) from public;
grant execute on function set_password(uuid, text, bytea, text) to columnist_worker;
