-- For the sign-out: ends this session, or all of its user.
create or replace function end_session(hash bytea, everywhere boolean) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  with session as (
    select s.user_id, s.email from public.sessions s where s.hash = end_session.hash
  ), ended as (
    delete from public.sessions s using session
    where s.hash = end_session.hash or everywhere and s.user_id = session.user_id
  )
  insert into public.events (action, user_id, email, owner_id, facts)
  select 'sign_out', session.user_id, session.email, session.user_id, jsonb_build_object('everywhere', everywhere)
  from session
$$;
revoke all on function end_session(bytea, boolean) from public;
grant execute on function end_session(bytea, boolean) to columnist_worker;
