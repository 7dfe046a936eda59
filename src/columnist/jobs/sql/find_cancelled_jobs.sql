-- The jobs of a pool that are being cancelled, or are gone with their review.
select held.id from unnest(%(job_ids)s::uuid[]) as held (id)
left join tabular_jobs j on j.id = held.id
where j.id is null or j.cancel_requested_at is not null
