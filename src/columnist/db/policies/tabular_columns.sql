create policy see on tabular_columns for select to authenticated
  using (can_access_review(review_id, array(select my_review_ids())));
create policy add on tabular_columns for insert to authenticated
  with check (can_access_review(review_id, array(select my_review_ids('editor'))));
create policy change on tabular_columns for update to authenticated
  using (can_access_review(review_id, array(select my_review_ids('editor'))));
create policy remove on tabular_columns for delete to authenticated
  using (can_access_review(review_id, array(select my_review_ids('editor'))));
create policy work on tabular_columns to columnist_worker using (true) with check (true);
create policy gate on tabular_columns for select to columnist_gate using (true);
