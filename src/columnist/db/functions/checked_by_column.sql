-- How many answers of each column a person has checked.
create or replace function checked_by_column(review_id uuid) returns table (column_id uuid, checked bigint)
language sql stable as $$
  select col.id, (select count(*) from tabular_cells c
                  where c.review_id = col.review_id and c.column_id = col.id and is_checked(c, col.version))
  from tabular_columns col
  where col.review_id = checked_by_column.review_id
$$;
