-- Deletes a document of the caller, with its rows in the caller's own reviews; false if it is another user's.
create or replace function delete_document(document_id uuid) returns boolean language plpgsql volatile as $$
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
