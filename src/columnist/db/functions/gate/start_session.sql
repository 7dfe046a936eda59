-- For the sign-in: a session of thirty days, by the hash of its secret. False for a user whom an operator has disabled,
-- and if `password`, the hash of their sign-in, has been replaced meanwhile. A user keeps the twenty newest.
create or replace function start_session(hash bytea, who uuid, address text, how text, password text default null)
returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- Locks the user's row: nobody is disabled between this and the insert.
  insert into public.users as u (id, email, signed_in_at) values (who, address, now())
  on conflict (id) do update set email = excluded.email, signed_in_at = excluded.signed_in_at
  where u.disabled_at is null;
  if not found then
    return false;
  end if;
  if start_session.password is not null then
    perform from public.accounts a where a.user_id = who and a.password = start_session.password for update;
    if not found then
      return false;
    end if;
  end if;
  insert into public.sessions (hash, user_id, email, how, ends_at)
  values (start_session.hash, who, address, start_session.how, now() + interval '30 days');
  delete from public.sessions s
  where s.user_id = who
    and (s.ends_at <= now()
         or s.hash not in (select n.hash from public.sessions n where n.user_id = who order by n.seen_at desc, n.hash limit 20));
  insert into public.events (action, user_id, email, owner_id, facts)
  values ('sign_in', who, address, who, jsonb_build_object('how', start_session.how));
  return true;
end $$;
revoke all on function start_session(bytea, uuid, text, text, text) from public;
grant execute on function start_session(bytea, uuid, text, text, text) to columnist_worker;
