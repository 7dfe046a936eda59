-- How many documents disappear with these rows of a review (null: all rows): those without an owner and in no other
-- review.
create or replace function documents_only_here(review_id uuid, document_ids uuid[] default null) returns bigint
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select count(*)
  from public.review_documents r
  join public.documents d on d.id = r.document_id and d.user_id is null
  where r.review_id = documents_only_here.review_id
    and documents_only_here.review_id in (select public.my_review_ids())
    and (document_ids is null or r.document_id = any(document_ids))
    and not exists (select from public.review_documents o
                    where o.document_id = r.document_id and o.review_id <> r.review_id)
$$;
