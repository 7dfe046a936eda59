-- History is added to, never changed.
create policy see on tabular_cell_changes for select to authenticated
  using (can_access_review(review_id, array(select my_review_ids())));
create policy add on tabular_cell_changes for insert to authenticated
  with check (can_access_review(review_id, array(select my_review_ids('editor'))) and user_id = (select auth.uid()));
create policy work on tabular_cell_changes for insert to columnist_worker with check (true);
