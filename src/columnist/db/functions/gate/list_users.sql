-- For operators: everybody who has signed in, and what belongs to them.
create or replace function list_users() returns table (
  id uuid, email text, signed_in_at timestamptz, disabled_at timestamptz, reviews bigint, documents bigint, size_bytes numeric,
  tokens bigint
) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select u.id, u.email, u.signed_in_at, u.disabled_at,
         (select count(*) from public.tabular_reviews v where v.user_id = u.id),
         d.count, d.size_bytes,
         (select count(*) from public.api_tokens t
          where t.user_id = u.id and t.revoked_at is null and t.expires_at > now())
  from public.users u
  cross join lateral (select count(*) as count, coalesce(sum(d.size_bytes), 0) as size_bytes
                      from public.documents d where d.user_id = u.id) d
  order by u.email, u.id
$$;
revoke all on function list_users() from public;
grant execute on function list_users() to columnist_worker;
