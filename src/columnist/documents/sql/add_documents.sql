-- Registers uploads, in order (documents/store.py); `added`: it is new.
with files as (
  select * from unnest(%(names)s::text[], %(paths)s::text[], %(hashes)s::text[], %(sizes)s::bigint[])
    with ordinality as f (name, path, sha256, size_bytes, nr)
), added as (
  insert into documents (user_id, name, path, sha256, size_bytes)
  select distinct on (sha256, path) %(user_id)s::uuid, name, path, sha256, size_bytes from files order by sha256, path, nr
  on conflict (user_id, sha256, coalesce(path, name)) do nothing
  returning id, path, sha256
)
select coalesce(a.id, d.id) as id, a.id is not null as added from files f
left join added a using (path, sha256)
left join documents d on d.user_id = %(user_id)s and d.sha256 = f.sha256 and coalesce(d.path, d.name) = f.path
order by f.nr
