-- The documents that the caller may put into a review: own uploads, and documents that others have put into the
-- caller's own reviews. A document that is only shared is seen through its review, and only while it is shared.
create or replace function my_document_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select d.id from public.documents d where d.user_id = (select public.my_user_id())
  union
  select d.document_id from public.review_documents d
  join public.tabular_reviews r on r.id = d.review_id and r.user_id = (select public.my_user_id())
$$;
