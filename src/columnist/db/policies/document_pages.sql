create policy see on document_pages for select to authenticated
  using (exists (select from documents d where d.sha256 = document_pages.sha256));
create policy work on document_pages to columnist_worker using (true) with check (true);
