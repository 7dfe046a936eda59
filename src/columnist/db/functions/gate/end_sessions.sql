-- For operators: ends every session of a user (id or e-mail address). Returns how many; null if there is no such user.
create or replace function end_sessions(who text) returns bigint
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  with named as (
    select u.id from public.users u where u.id::text = who or u.email = lower(who) and who <> ''
  ), ended as (
    delete from public.sessions s using named where s.user_id = named.id returning named.id
  ), noted as (
    insert into public.events (action, owner_id, facts)
    select 'end_sessions', ended.id, jsonb_build_object('sessions', count(*)) from ended group by 1, 2
  )
  select case when exists (select from named) then (select count(*) from ended) end
$$;
revoke all on function end_sessions(text) from public;
grant execute on function end_sessions(text) to columnist_worker;
