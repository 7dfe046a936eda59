create or replace trigger note_loose after delete on documents referencing old table as gone
  for each statement execute function note_loose_contents();
