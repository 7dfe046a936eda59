-- Triggers and functions of the gate add rows; nobody changes them.
create policy see on events for select to authenticated
  using (user_id = (select auth.uid()) or owner_id = (select auth.uid())
         or can_access_review(review_id, array(select my_review_ids('owner'))));
create policy work on events for select to columnist_worker using (true);
create policy gate on events for insert to columnist_gate with check (true);
