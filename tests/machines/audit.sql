-- The test's own book of what is written: kept by the superuser, in the transaction that writes.
create schema audit;
create table audit.claims (item_id bigint, attempt int, worker inet, primary key (item_id, attempt));
create table audit.writes (document_id uuid, column_id uuid, worker inet, holder inet);
create table audit.calls (id uuid);
create table audit.costs (tokens bigint);

create function audit.claimed() returns trigger language plpgsql security definer as $$
begin
  insert into audit.claims values (new.id, new.attempt_count, inet_client_addr());
  return null;
end $$;
create trigger audit after update on tabular_job_items for each row
  when (new.attempt_count > old.attempt_count) execute function audit.claimed();

create function audit.written() returns trigger language plpgsql security definer as $$
begin
  insert into audit.writes
  select new.document_id, new.column_id, inet_client_addr(),
         (select c.worker from tabular_job_items i
          join audit.claims c on (c.item_id, c.attempt) = (i.id, i.attempt_count)
          where i.job_id = new.job_id and i.document_id = new.document_id and i.status = 'running');
  return null;
end $$;
create trigger audit after insert or update on tabular_cells for each row execute function audit.written();

create function audit.called() returns trigger language plpgsql security definer as $$
begin
  insert into audit.calls values (new.id);
  return null;
end $$;
create trigger audit after insert on tabular_calls for each row execute function audit.called();

create function audit.cost() returns trigger language plpgsql security definer as $$
begin
  insert into audit.costs values (new.prompt_tokens - old.prompt_tokens);
  return null;
end $$;
create trigger audit after update on tabular_jobs for each row
  when (new.prompt_tokens <> old.prompt_tokens) execute function audit.cost();
