create policy work on loose_contents to columnist_worker using (true) with check (true);
create policy gate on loose_contents to columnist_gate using (true) with check (true);
