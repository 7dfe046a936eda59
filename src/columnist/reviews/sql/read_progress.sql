-- How many cells of a review a person has checked, by column, and how many rows each column has.
select (select count(*)::int from review_documents r where r.review_id = %(review_id)s) as rows,
       coalesce((select jsonb_object_agg(column_id, checked) from checked_by_column(%(review_id)s)), '{}') as columns
