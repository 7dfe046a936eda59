-- The reviews that have a document of the caller, with their owners' addresses: the uploader sees all of them.
create or replace function uses_of_my_document(document_id uuid) returns table (review_id uuid, owner text, mine boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select v.id, u.email, v.user_id = (select public.my_user_id())
  from public.documents d
  join public.review_documents r on r.document_id = d.id
  join public.tabular_reviews v on v.id = r.review_id
  left join public.users u on u.id = v.user_id
  where d.id = uses_of_my_document.document_id and d.user_id = (select public.my_user_id())
  order by v.created_at, v.id
$$;
