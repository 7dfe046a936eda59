-- For the sign-in: counts a wrong password of an account. The trail gets the count once in ten minutes, so that nobody
-- can fill it from outside.
create or replace function note_failed_sign_in(address text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  tried public.accounts;
begin
  update public.accounts a set failures = a.failures + 1 where a.email = lower(address) returning a.* into tried;
  if tried.failures_noted_at > now() - interval '10 minutes' or tried is null then
    return;
  end if;
  insert into public.events (action, email, owner_id, facts)
  values ('failed_sign_in', tried.email, tried.user_id, jsonb_build_object('failures', tried.failures));
  update public.accounts a set failures = 0, failures_noted_at = now() where a.user_id = tried.user_id;
end $$;
revoke all on function note_failed_sign_in(text) from public;
grant execute on function note_failed_sign_in(text) to columnist_worker;
