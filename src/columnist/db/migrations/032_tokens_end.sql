-- Every API token ends within a year; those of before within a year from now. As the gate, since the policies bind the
-- owner, too.
set local role columnist_gate;
update api_tokens set expires_at = now() + interval '365 days'
where expires_at is null or expires_at > now() + interval '365 days';
reset role;
