-- Notes what leaves no row: a download or an export by the caller, of what the caller may see.
create or replace function note_event(action text, review_id uuid, document_id uuid, format text default null) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.events (action, user_id, email, owner_id, review_id, document_id, facts)
  select note_event.action, public.my_user_id(), public.my_email(), seen.owner_id, note_event.review_id,
         note_event.document_id, seen.facts
  from (
    select v.user_id as owner_id, jsonb_build_object('format', left(note_event.format, 20)) as facts
    from public.tabular_reviews v
    where note_event.action = 'export' and v.id = note_event.review_id and v.id in (select public.my_review_ids())
    union all
    select d.user_id, jsonb_build_object('sha256', d.sha256)
    from public.documents d
    where note_event.action = 'download' and d.id = note_event.document_id
      and (d.user_id = public.my_user_id()
           or exists (select from public.review_documents r
                      where r.document_id = d.id and r.review_id in (select public.my_review_ids())))) seen
$$;
