-- The user's review of that name, made if there is none. No row if another session made it between the two halves. A
-- name from the user comes before one from an editor.
with there as (
  select id from tabular_reviews
  where user_id = %(user_id)s and name = %(name)s
  order by named_by_owner desc, created_at
  limit 1
), made as (
  insert into tabular_reviews (user_id, name)
  select %(user_id)s, %(name)s where not exists (select from there)
  on conflict (user_id, name) where named_by_owner do nothing
  returning id
)
select id from made
union all
select id from there
