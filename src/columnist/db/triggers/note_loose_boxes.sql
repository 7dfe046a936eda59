create or replace trigger note_loose after delete on document_readings referencing old table as gone
  for each statement execute function note_loose_boxes();
create or replace trigger note_replaced after update on document_readings referencing old table as gone
  for each statement execute function note_loose_boxes();
