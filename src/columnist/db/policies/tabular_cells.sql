-- People write cells through functions of the gate only.
create policy see on tabular_cells for select to authenticated
  using (can_access_review(review_id, array(select my_review_ids())));
create policy work on tabular_cells to columnist_worker using (true) with check (true);
create policy gate on tabular_cells to columnist_gate using (true) with check (true);
