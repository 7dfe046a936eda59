-- The documents that the caller may put into a review: own uploads, and what others have put into a review of the caller's
-- own. What was merely shared is seen through its review only, and no longer than it is shared.
create or replace function my_document_ids() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select d.id from public.documents d where d.user_id = (select public.my_user_id())
  union
  select d.document_id from public.review_documents d
  join public.tabular_reviews r on r.id = d.review_id and r.user_id = (select public.my_user_id())
$$;
