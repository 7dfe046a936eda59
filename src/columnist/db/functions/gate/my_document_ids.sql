-- The documents that the caller may put into a review: own uploads, and those in reviews that the caller sees.
create or replace function my_document_ids() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select d.id from public.documents d where d.user_id = (select public.my_user_id())
  union
  select d.document_id from public.review_documents d where d.review_id = any(array(select public.my_review_ids()))
$$;
