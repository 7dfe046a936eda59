-- For the sign-in: the password was right.
create or replace function forget_guesses(what text[]) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  delete from public.sign_in_guesses g
  where g.tried = any(array(select sha256(convert_to(one, 'UTF8')) from unnest(what) one))
$$;
revoke all on function forget_guesses(text[]) from public;
grant execute on function forget_guesses(text[]) to columnist_worker;
