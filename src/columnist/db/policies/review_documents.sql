create policy see on review_documents for select to authenticated
  using (can_access_review(review_id, array(select my_review_ids())));
create policy add on review_documents for insert to authenticated
  with check (can_access_review(review_id, array(select my_review_ids('editor'))));
create policy change on review_documents for update to authenticated
  using (can_access_review(review_id, array(select my_review_ids('editor'))));
create policy remove on review_documents for delete to authenticated
  using (can_access_review(review_id, array(select my_review_ids('editor'))));
-- A document joins a review only through a user who may see both.
create policy known_document on review_documents as restrictive for insert to authenticated
  with check (document_id in (select my_document_ids()));
create policy work on review_documents to columnist_worker using (true) with check (true);
create policy gate on review_documents for select to columnist_gate using (true);
create policy gate_remove on review_documents for delete to columnist_gate using (true);
