-- Notes acts that leave no row: a download or an export by the caller of something that the caller may see. A download
-- by a user other than the uploader is noted for each review that shows them the document, whose owners must learn of
-- it.
create or replace function note_event(action text, review_id uuid, document_id uuid, format text default null) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.events (action, user_id, email, owner_id, review_id, document_id, facts)
  select note_event.action, public.my_user_id(), public.my_email(), seen.owner_id, seen.review_id,
         note_event.document_id, seen.facts
  from (
    select v.user_id as owner_id, v.id as review_id, jsonb_build_object('format', left(note_event.format, 20)) as facts
    from public.tabular_reviews v
    where note_event.action = 'export' and v.id = note_event.review_id and v.id in (select public.my_review_ids())
    union all
    select d.user_id, r.review_id, jsonb_build_object('sha256', d.sha256)
    from public.documents d
    left join public.review_documents r
      on r.document_id = d.id and d.user_id is distinct from public.my_user_id()
         and r.review_id in (select public.my_review_ids())
    where note_event.action = 'download' and d.id = note_event.document_id
      and (d.user_id = public.my_user_id() or r.review_id is not null)) seen
$$;
