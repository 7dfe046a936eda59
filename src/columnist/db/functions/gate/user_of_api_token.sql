-- The user of a token, before the request has one. No row for an unknown, revoked or expired token.
create or replace function user_of_api_token(hash bytea) returns table (user_id uuid, email text, scope text)
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  with token as (
    select t.id, t.user_id, t.email, t.scope, t.last_used_at from public.api_tokens t
    where t.hash = user_of_api_token.hash and t.revoked_at is null and t.expires_at > now()
  ), used as (
    update public.api_tokens t set last_used_at = now() from token
    where t.id = token.id and (token.last_used_at is null or token.last_used_at < now() - interval '1 minute')
  )
  select token.user_id, token.email, token.scope from token
$$;
