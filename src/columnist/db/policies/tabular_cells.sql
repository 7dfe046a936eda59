create policy see on tabular_cells for select to authenticated
  using (can_access_review(review_id, array(select my_review_ids())));
create policy add on tabular_cells for insert to authenticated
  with check (can_access_review(review_id, array(select my_review_ids('editor'))));
create policy change on tabular_cells for update to authenticated
  using (can_access_review(review_id, array(select my_review_ids('editor'))));
create policy remove on tabular_cells for delete to authenticated
  using (can_access_review(review_id, array(select my_review_ids('editor'))));
create policy work on tabular_cells to columnist_worker using (true) with check (true);
create policy gate on tabular_cells for select to columnist_gate using (true);
