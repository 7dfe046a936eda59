-- The user of a session, before the request has a user. No row for a session that is unknown, has ended, was not used
-- for a week, or belongs to a disabled user.
create or replace function user_of_session(hash bytea) returns table (user_id uuid, email text, how text)
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  with session as (
    select s.* from public.sessions s
    where s.hash = user_of_session.hash and s.ends_at > now() and s.seen_at > now() - interval '7 days'
      and not exists (select from public.users u where u.id = s.user_id and u.disabled_at is not null)
  ), seen as (
    update public.sessions s set seen_at = now() from session
    where s.hash = session.hash and session.seen_at < now() - interval '1 minute'
  )
  select session.user_id, session.email, session.how from session
$$;
