-- The provider has made a batch. Returns the batch that counts: another one, if two were made of the same calls.
with noted as (
  update tabular_batches set provider_id = %(provider_id)s, submitted_at = now(), look_at = now()
  where id = %(id)s and provider_id is null
  returning provider_id
)
select coalesce((select provider_id from noted), (select provider_id from tabular_batches where id = %(id)s)) as provider_id
