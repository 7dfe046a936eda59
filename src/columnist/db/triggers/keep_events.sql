create or replace trigger keep before update or delete or truncate on events
  for each statement execute function keep_events();
