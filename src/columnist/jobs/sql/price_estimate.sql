-- What the least, the usual and the most tokens of an estimate cost, if there are prices; and what it leaves alone.
select answers_left_alone(%(review_id)s, %(only)s, %(model)s, %(prompt_version)s, %(column_ids)s::uuid[],
                          %(document_ids)s::uuid[])::int as left_alone,
       p[2] as price, p[1] as least_price, p[3] as most_price
from (
  select array(
    select case when greatest(%(price_prompt)s, %(price_cached)s, %(price_completion)s) > 0 then
      tokens_price(s[nr][1], s[nr][2], s[nr][3], %(price_prompt)s, %(price_cached)s, %(price_completion)s)::float8 end
    from generate_series(1, 3) nr order by nr) as p
  from (select %(spent)s::bigint[][] as s) spent) prices
