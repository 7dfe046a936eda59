-- A refusal may quote a document: forget_removed_documents deletes it with that.
grant update (pause_reason) on tabular_jobs to columnist_gate;
