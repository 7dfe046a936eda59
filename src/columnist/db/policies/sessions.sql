create policy gate on sessions to columnist_gate using (true) with check (true);
