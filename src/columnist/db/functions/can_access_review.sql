-- The one predicate of every policy. PostgreSQL cannot inline a function with a subquery, so the policy passes the
-- caller's reviews in as array(select my_review_ids(...)): computed once per statement, compared per row.
create or replace function can_access_review(review_id uuid, mine uuid[]) returns boolean language sql immutable as $$
  select review_id = any(mine)
$$;

create or replace function can_access_review(review_id uuid) returns boolean language sql stable as $$
  select can_access_review(review_id, array(select my_review_ids()))
$$;
