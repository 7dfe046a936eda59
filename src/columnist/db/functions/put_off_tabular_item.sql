-- A worker gives back an item that waits for a batch, with its waiting calls; false if another worker holds it now. It
-- is placed after all items that can still be asked, so that running items are among a job's first open ones. It costs
-- no attempt. An item that no longer waits is claimable at once: its row is locked before that is checked.
create or replace function put_off_tabular_item(item_id bigint, attempt int, requests json) returns boolean
language plpgsql volatile as $$
declare
  item tabular_job_items;
  waits boolean;
begin
  select i.* into item from tabular_job_items i
  where i.id = put_off_tabular_item.item_id and i.attempt_count = attempt and i.status = 'running' for no key update;
  if not found then
    return false;
  end if;
  insert into tabular_batch_requests (item_id, job_id, review_id, document_id, key, body, size_bytes, prompt_tokens,
                                      completion_tokens)
  select item.id, item.job_id, item.review_id, item.document_id, decode(r.key, 'hex'), r.body, octet_length(r.body),
         r.prompt_tokens, r.completion_tokens
  from json_to_recordset(requests) as r (key text, body text, prompt_tokens int, completion_tokens int)
  on conflict do nothing;
  waits := exists (select from tabular_batch_requests r where r.item_id = item.id and r.answered_at is null);
  update tabular_job_items i
  set status = 'pending', handed_back_count = handed_back_count + 1,
      position = i.position % 1000000000 + case when waits then 1000000000 else 0 end,
      -- end_tabular_batch wakes it up; this is for a batch that never reports.
      lease_expires_at = case when waits then now() + interval '4 hours' end
  where i.id = item.id;
  return true;
end $$;
