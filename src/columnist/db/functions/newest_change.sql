-- The newest transaction that has left a change in a review's feed (read_changed_cells.sql); 0: none.
create or replace function newest_change(review_id uuid) returns xid8 language sql stable as $$
  select coalesce(greatest(
    (select c.changed_xid from tabular_cells c
     where c.review_id = newest_change.review_id order by c.changed_xid desc limit 1),
    (select col.asked_xid from tabular_columns col
     where col.review_id = newest_change.review_id order by col.asked_xid desc nulls last limit 1),
    (select r.changed_xid from tabular_removed_cells r
     where r.review_id = newest_change.review_id order by r.changed_xid desc limit 1)), '0')
$$;
