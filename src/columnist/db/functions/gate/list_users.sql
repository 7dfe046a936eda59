-- For operators: everybody who has signed in or was invited, how they sign in, and how much belongs to them.
drop function if exists list_users();
create function list_users() returns table (
  id uuid, email text, signs_in text, signed_in_at timestamptz, disabled_at timestamptz, sessions bigint, reviews bigint,
  documents bigint, size_bytes numeric, tokens bigint
) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select u.id, u.email,
         case when a.password is not null then 'password'
              when a.invitation_ends_at > now() then 'invited'
              when a.user_id is not null then 'invitation has ended'
              else 'identity provider' end,
         u.signed_in_at, u.disabled_at,
         (select count(*) from public.sessions s
          where s.user_id = u.id and s.ends_at > now() and s.seen_at > now() - interval '7 days'),
         (select count(*) from public.tabular_reviews v where v.user_id = u.id),
         d.count, d.size_bytes,
         (select count(*) from public.api_tokens t
          where t.user_id = u.id and t.revoked_at is null and t.expires_at > now())
  from public.users u
  left join public.accounts a on a.user_id = u.id
  cross join lateral (select count(*) as count, coalesce(sum(d.size_bytes), 0) as size_bytes
                      from public.documents d where d.user_id = u.id) d
  order by u.email, u.id
$$;
revoke all on function list_users() from public;
grant execute on function list_users() to columnist_worker;
