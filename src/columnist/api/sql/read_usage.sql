-- What the user has stored, is running, and has spent today.
select coalesce(max(u.documents), 0)::bigint as documents, coalesce(max(u.size_bytes), 0)::bigint as bytes,
       coalesce(max(u.spent) filter (where u.spent_on = (now() at time zone 'UTC')::date), 0)::float as dollars,
       (select count(*) from tabular_jobs j
        where j.user_id = %(user_id)s and j.status in ('pending', 'running'))::int as jobs,
       (select count(*) from tabular_reviews v where v.user_id = %(user_id)s)::int as reviews
from user_usage u where u.user_id = %(user_id)s
