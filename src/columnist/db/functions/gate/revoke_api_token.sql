-- For operators: the token is refused from now on. False if there is no such token.
create or replace function revoke_api_token(id uuid) returns boolean
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  with revoked as (
    update public.api_tokens t set revoked_at = now() where t.id = revoke_api_token.id and t.revoked_at is null returning t.id
  )
  select exists (select from revoked)
$$;
revoke all on function revoke_api_token(uuid) from public;
grant execute on function revoke_api_token(uuid) to columnist_worker;
