-- A document lives as long as somebody has uploaded it, or a review holds it: a delete takes one's own access away, and
-- the rows of one's own reviews, never those of other people.

alter table documents alter column user_id drop not null;  -- null: nobody's any more; reviews hold it

revoke delete on documents from authenticated;
grant update (user_id), delete on documents to columnist_gate;
create policy gate_change on documents for update to columnist_gate using (true) with check (true);
create policy gate_remove on documents for delete to columnist_gate using (true);

-- Of these documents, those that are nobody's and in no review are gone. Locked first: who is just putting one of them
-- into a review is waited for, and found.
create function forget_documents(ids uuid[]) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform from public.documents d where d.id = any(ids) and d.user_id is null order by d.id for update;
  delete from public.documents d
  where d.id = any(ids) and d.user_id is null
    and not exists (select from public.review_documents r where r.document_id = d.id);
end $$;

-- Whoever takes rows away, a review that is deleted included.
create function forget_removed_documents() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform public.forget_documents(array(select distinct gone.document_id from gone));
  return null;
end $$;
create trigger forget after delete on review_documents referencing old table as gone
  for each statement execute function forget_removed_documents();

-- The caller's upload is nobody's.
create function disown_document(document_id uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.documents d set user_id = null
  where d.id = disown_document.document_id and d.user_id = public.my_user_id();
  perform public.forget_documents(array[document_id]);
end $$;

-- Deletes a document of the caller's, with its rows in the caller's own reviews; false if it is not theirs.
create function delete_document(document_id uuid) returns boolean language plpgsql volatile as $$
begin
  perform from documents d where d.id = delete_document.document_id and d.user_id = my_user_id() for update;
  if not found then
    return false;
  end if;
  delete from review_documents r
  where r.document_id = delete_document.document_id
    and r.review_id in (select v.id from tabular_reviews v where v.user_id = my_user_id());
  perform disown_document(delete_document.document_id);
  return true;
end $$;

-- How many documents go when these rows of a review do (null: all of them): nobody's, and in no other review.
create function documents_only_here(review_id uuid, document_ids uuid[] default null) returns bigint
language sql stable security definer set search_path = '' as $$
  select count(*)
  from public.review_documents r
  join public.documents d on d.id = r.document_id and d.user_id is null
  where r.review_id = documents_only_here.review_id
    and documents_only_here.review_id in (select public.my_review_ids())
    and (document_ids is null or r.document_id = any(document_ids))
    and not exists (select from public.review_documents o
                    where o.document_id = r.document_id and o.review_id <> r.review_id)
$$;

grant create on schema public to columnist_gate;
alter function forget_documents(uuid[]) owner to columnist_gate;
alter function forget_removed_documents() owner to columnist_gate;
alter function disown_document(uuid) owner to columnist_gate;
alter function documents_only_here(uuid, uuid[]) owner to columnist_gate;
revoke create on schema public from columnist_gate;
