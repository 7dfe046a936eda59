-- For the sign-in: the account of an e-mail address, or of an open invitation.
create or replace function account_of(address text default null, invitation bytea default null) returns table (
  user_id uuid, email text, password text
) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select a.user_id, a.email, a.password from public.accounts a
  where a.email = lower(address) or a.invitation = account_of.invitation and a.invitation_ends_at > now()
$$;
revoke all on function account_of(text, bytea) from public;
grant execute on function account_of(text, bytea) to columnist_worker;
