-- For operators: the accepted API tokens of all users.
create or replace function list_api_tokens() returns table (
  id uuid, user_id uuid, email text, name text, scope text, created_at timestamptz, expires_at timestamptz,
  last_used_at timestamptz
) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select t.id, t.user_id, t.email, t.name, t.scope, t.created_at, t.expires_at, t.last_used_at
  from public.api_tokens t where t.revoked_at is null and t.expires_at > now()
  order by t.email, t.created_at
$$;
revoke all on function list_api_tokens() from public;
grant execute on function list_api_tokens() to columnist_worker;
