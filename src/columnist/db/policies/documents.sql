create policy mine on documents to authenticated using (user_id = (select auth.uid()));
create policy see on documents for select to authenticated
  using (exists (select from review_documents d where d.document_id = documents.id));
create policy work on documents to columnist_worker using (true) with check (true);
create policy gate on documents for select to columnist_gate using (true);
create policy gate_change on documents for update to columnist_gate using (true) with check (true);
create policy gate_remove on documents for delete to columnist_gate using (true);
