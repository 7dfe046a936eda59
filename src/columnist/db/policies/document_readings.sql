create policy see on document_readings for select to authenticated
  using (exists (select from documents d where d.id = document_readings.document_id));
create policy work on document_readings to columnist_worker using (true) with check (true);
create policy gate on document_readings for select to columnist_gate using (true);
