-- The user of a token, before the request has one. No row for an unknown, revoked or expired token, or one of a user whom
-- an operator has disabled. Notes when it is used for the first time in half a day.
create or replace function user_of_api_token(hash bytea) returns table (user_id uuid, email text, scope text)
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  with token as (
    select t.id, t.user_id, t.email, t.scope, t.last_used_at from public.api_tokens t
    where t.hash = user_of_api_token.hash and t.revoked_at is null and t.expires_at > now()
      and not exists (select from public.users u where u.id = t.user_id and u.disabled_at is not null)
  ), used as (
    update public.api_tokens t set last_used_at = now() from token
    where t.id = token.id and (token.last_used_at is null or token.last_used_at < now() - interval '1 minute')
  ), noted as (
    insert into public.events (action, user_id, email, owner_id, facts)
    select 'sign_in', token.user_id, token.email, token.user_id, jsonb_build_object('how', 'token', 'token_id', token.id)
    from token where token.last_used_at is null or token.last_used_at < now() - interval '12 hours'
  )
  select token.user_id, token.email, token.scope from token
$$;
