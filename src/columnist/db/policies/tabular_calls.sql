create policy work on tabular_calls to columnist_worker using (true) with check (true);
create policy gate on tabular_calls for delete to columnist_gate using (true);
create policy gate_see on tabular_calls for select to columnist_gate using (true);
