create policy work on tabular_batch_requests to columnist_worker using (true) with check (true);
create policy gate on tabular_batch_requests to columnist_gate using (true) with check (true);
