-- Added to by triggers and functions of the gate, changed by nobody.
create policy see on events for select to authenticated
  using (user_id = (select auth.uid()) or owner_id = (select auth.uid())
         or can_access_review(review_id, array(select my_review_ids('owner'))));
create policy work on events for select to columnist_worker using (true);
create policy gate on events for insert to columnist_gate with check (true);
