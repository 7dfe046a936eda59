create policy work on installation to columnist_worker using (true) with check (true);
