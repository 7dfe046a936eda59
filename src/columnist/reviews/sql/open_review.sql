-- The user's review of that name, made if there is none. No row if another session made it between the two halves.
with made as (
  insert into tabular_reviews (user_id, name) values (%(user_id)s, %(name)s)
  on conflict (user_id, name) do nothing
  returning id
)
select id from made
union all
select id from tabular_reviews where user_id = %(user_id)s and name = %(name)s
