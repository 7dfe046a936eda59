-- For the sign-in: counts a password before it is checked, and returns whether at most `most` were tried for this key
-- in a quarter of an hour.
create or replace function count_guess(what text, most int) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  known public.sign_in_guesses;
begin
  delete from public.sign_in_guesses g
  where g.tried in (select o.tried from public.sign_in_guesses o where o.ends_at <= now() limit 100 for update skip locked);
  insert into public.sign_in_guesses as g (tried, guesses, ends_at)
  values (sha256(convert_to(what, 'UTF8')), 1, now() + interval '15 minutes')
  on conflict (tried) do update
  set guesses = case when g.ends_at <= now() then 1 else g.guesses + 1 end,
      ends_at = case when g.ends_at <= now() then excluded.ends_at else g.ends_at end
  returning g.* into known;
  return known.guesses <= most;
end $$;
revoke all on function count_guess(text, int) from public;
grant execute on function count_guess(text, int) to columnist_worker;
