-- A document from before paths were kept is the first upload that has its name and content: it takes its path, unless
-- there is one with that path.
update documents d
set path = f.path
from (
  select distinct on (sha256, name) sha256, name, path
  from unnest(%(names)s::text[], %(paths)s::text[], %(hashes)s::text[]) with ordinality as f (name, path, sha256, nr)
  order by sha256, name, nr) f
where d.user_id = %(user_id)s and d.sha256 = f.sha256 and d.name = f.name and d.path is null
  and not exists (
    select from documents o
    where o.user_id = d.user_id and o.sha256 = d.sha256 and o.id <> d.id and coalesce(o.path, o.name) = f.path)
