-- Sets when a review of the caller is deleted; null: never. For owners only, unlike other columns of the review.
create or replace function set_retention(review_id uuid, delete_at timestamptz) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  update public.tabular_reviews v set delete_at = set_retention.delete_at
  where v.id = set_retention.review_id and v.id in (select public.my_review_ids('owner'))
$$;
