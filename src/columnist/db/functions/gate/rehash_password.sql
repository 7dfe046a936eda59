-- For the sign-in: the hash of the same password, made with the present parameters.
create or replace function rehash_password(who uuid, was text, password text) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  update public.accounts a set password = rehash_password.password where a.user_id = who and a.password = was
$$;
revoke all on function rehash_password(uuid, text, text) from public;
grant execute on function rehash_password(uuid, text, text) to columnist_worker;
