create policy see on reading_pages for select to authenticated
  using (exists (select from documents d where d.id = reading_pages.document_id));
create policy work on reading_pages to columnist_worker using (true) with check (true);
