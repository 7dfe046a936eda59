create policy work on tabular_workers to columnist_worker using (true) with check (true);
create policy gate_see on tabular_workers for select to columnist_gate using (true);
