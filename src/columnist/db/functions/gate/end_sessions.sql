-- For operators: ends every session of a user (id or e-mail address). Returns how many.
create or replace function end_sessions(who text) returns bigint
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  with ended as (
    delete from public.sessions s
    using public.users u
    where s.user_id = u.id and (u.id::text = who or u.email = lower(who) and who <> '')
    returning u.id, u.email
  ), noted as (
    insert into public.events (action, owner_id, facts)
    select 'end_sessions', ended.id, jsonb_build_object('sessions', count(*)) from ended group by 1, 2
  )
  select count(*) from ended
$$;
revoke all on function end_sessions(text) from public;
grant execute on function end_sessions(text) to columnist_worker;
