-- The matching rows, grouped by the answers of the column of their order (`s`), in that order.
with matching as materialized (
  select r.document_id, r.position
  from review_documents r
  where r.review_id = %(review_id)s {filters}
)
select min(left(s.summary, 200)) filter (where s.sort_number is not null or s.sort_text is not null) as label,
       count(*)::int as count
from matching m {sorted_by}
group by {keys}
order by {order}
limit %(limit)s
