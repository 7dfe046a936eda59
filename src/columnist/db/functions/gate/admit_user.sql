-- Whether a caller with valid credentials is admitted, which a disabled user is not. Notes a sign-in by `how` if the
-- last one was half a day ago. It is called for each request, so it writes nothing in between.
create or replace function admit_user(how text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  known public.users;
begin
  select u.* into known from public.users u where u.id = public.my_user_id();
  if known.disabled_at is not null then
    return false;
  end if;
  if known.signed_in_at is null or known.signed_in_at < now() - interval '12 hours' then
    insert into public.users as u (id, email, signed_in_at)
    values (public.my_user_id(), coalesce(public.my_email(), ''), now())
    on conflict (id) do update set email = excluded.email, signed_in_at = excluded.signed_in_at;
    insert into public.events (action, user_id, email, owner_id, facts)
    values ('sign_in', public.my_user_id(), public.my_email(), public.my_user_id(),
            jsonb_build_object('how', left(how, 20)));
  end if;
  return true;
end $$;
