create policy work on tabular_workers to columnist_worker using (true) with check (true);
