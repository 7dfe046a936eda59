/** One answer with everything: what it says, why, its evidence, and what a person does with it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import {
  clearCell,
  editCell,
  getCell,
  getCellHistory,
  getRow,
  Problem,
  regenerateCell,
  restoreCell,
  sentence,
  verifyCell,
  type CellKey,
  type Citation,
  type Column,
  type Flag,
  type FullCell,
  type Job,
} from "../api/client";
import { isAwaited, isLive } from "../live";
import { ErrorText, FLAGS, FlagDot, Loading, when } from "../ui/basics";
import { useNotices } from "../ui/notices";

export type Command = "edit" | "verify" | "regenerate" | null;
type Props = {
  review: string;
  cell: CellKey;
  column: Column;
  job: Job | null;
  mayEdit: boolean;
  chosen: Citation | null;
  onChoose: (citation: Citation | null) => void;
  onChanged: (cell: FullCell) => void;
  onStarted: () => void;
  command?: Command;
  onCommandDone?: () => void;
};
const ACTIONS = {
  edit: "edited",
  verify: "verified",
  unverify: "took the verification back",
  clear: "cleared",
  restore: "brought back",
  regenerate: "asked again",
  replace: "answered anew",
};

export function Answer({
  review,
  cell,
  column,
  job,
  mayEdit,
  chosen,
  onChoose,
  onChanged,
  onStarted,
  command = null,
  onCommandDone,
}: Props) {
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  const key = ["cell", review, cell.document_id, cell.column_id];
  const found = useQuery({ queryKey: key, queryFn: () => getCell(review, cell), staleTime: 0 });
  const [editing, setEditing] = useState(false);
  const [history, setHistory] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const stopEditing = () => {
    root.current!.focus(); // where the editor was there is nothing to have the focus
    setEditing(false);
  };
  const full = found.data;
  const unanswered = full && full.status !== "done" && full.status !== "error";
  const row = useQuery({
    queryKey: ["row", review, cell.document_id],
    queryFn: () => getRow(review, cell.document_id),
    enabled: unanswered && isLive(job),
  });
  const put = (changed: FullCell) => {
    queries.setQueryData(key, changed);
    queries.invalidateQueries({ queryKey: ["history", ...key.slice(1)] });
    onChanged(changed);
  };
  const verify = useMutation({
    mutationFn: () => verifyCell(review, cell, { verified: !full!.verified_by, updated_at: full!.updated_at }),
    onSuccess: put,
    onError: (error) => {
      fail(error);
      found.refetch();
    },
  });
  const again = useMutation({
    mutationFn: () => regenerateCell(review, cell),
    onSuccess: () => {
      say("The question is being asked again.");
      onStarted();
    },
    onError: fail,
  });
  const clear = useMutation({
    mutationFn: () => clearCell(review, cell),
    onSuccess: async () => {
      put(await getCell(review, cell));
      say("The answer was cleared.", () => restoreCell(review, cell).then(put, fail));
    },
    onError: fail,
  });
  useEffect(() => {
    setEditing(false);
    setHistory(false);
  }, [cell.document_id, cell.column_id]);
  useEffect(() => {
    if (full && !(chosen && full.citations.some((one) => one.quote === chosen.quote && one.page === chosen.page)))
      onChoose(full.citations[0] ?? null);
  }, [full]);
  useEffect(() => {
    if (!command || !full || !mayEdit) return;
    if (command === "edit") setEditing(true);
    if (command === "verify" && full.status === "done") verify.mutate();
    if (command === "regenerate") again.mutate();
    onCommandDone?.();
  }, [command, full]);
  if (found.error) return <ErrorText>{sentence(found.error)}</ErrorText>;
  if (!full) return <Loading what="Loading the answer" />;
  return (
    <div className="answer-full" ref={root} tabIndex={-1}>
      {unanswered && (
        <p className="muted">
          {row.data && isAwaited(undefined, row.data, column.id, job) ? "Being answered …" : "Not asked yet."}
        </p>
      )}
      {full.status === "error" && <ErrorText>{full.error}</ErrorText>}
      {full.status === "done" && full.attempt_error && (
        <ErrorText>
          Asked again {when(full.attempted_at!)}, and failed: {full.attempt_error} What stands here is from before.
        </ErrorText>
      )}
      {editing ? (
        <Editor
          full={full}
          column={column}
          onCancel={stopEditing}
          onConflict={() => found.refetch()}
          onSave={async (body) => {
            put(await editCell(review, cell, body));
            stopEditing();
          }}
        />
      ) : (
        full.summary !== null && (
          <p className="summary" data-testid="summary">
            <FlagDot flag={full.flag} /> {full.summary}
          </p>
        )
      )}
      {!editing && full.rule && (
        <p className="rule-said" data-testid="rule">
          {full.rule}
        </p>
      )}
      <p className="states">
        {full.stale && (
          <span className="badge warn" title="The question has changed since this was answered">
            stale
          </span>
        )}
        {full.outdated && (
          <span className="badge" title="Another model, or another version of the prompt, gave this answer">
            outdated
          </span>
        )}
        {full.edited_at && (
          <span className="badge" title={when(full.edited_at)}>
            edited by {full.edited_by}
          </span>
        )}
        {full.verified_by && (
          <span
            className={full.stale ? "badge warn" : "badge good"}
            title={full.verified_at ? when(full.verified_at) : ""}
          >
            verified by {full.verified_by}
            {full.stale && ", before the question changed"}
          </span>
        )}
        {full.model && <span className="muted">{full.model}</span>}
      </p>
      {mayEdit && !editing && (
        <div className="actions">
          <button onClick={() => setEditing(true)} title="E">
            Edit
          </button>
          <button
            disabled={full.status !== "done" || verify.isPending}
            aria-pressed={!!full.verified_by}
            onClick={() => verify.mutate()}
            title="V"
          >
            {full.verified_by ? "Verified ✔" : "Verify"}
          </button>
          <button disabled={again.isPending} onClick={() => again.mutate()} title="R">
            Ask again
          </button>
          <button
            disabled={full.status === "missing" || full.status === "pending" || clear.isPending}
            onClick={() => clear.mutate()}
          >
            Clear
          </button>
          <button aria-pressed={history} onClick={() => setHistory(!history)}>
            History
          </button>
        </div>
      )}
      {history && <History review={review} cell={cell} />}
      {full.citations.length > 0 && (
        <>
          <h3>Evidence</h3>
          <ol className="citations">
            {full.citations.map((one, nr) => (
              <li key={nr}>
                <button
                  className={one.verified ? "citation" : "citation unverified"}
                  aria-pressed={chosen?.quote === one.quote && chosen.page === one.page}
                  onClick={() => onChoose(one)}
                >
                  <q className={/^["“].*["”]$/s.test(one.quote) ? "marked" : ""}>{one.quote}</q>
                  <span className="where">
                    {one.page ? `page ${one.page}` : "no page"}
                    {one.verified ? "" : " · unverified: not found in the document"}
                  </span>
                </button>
              </li>
            ))}
          </ol>
        </>
      )}
      {full.reasoning && (
        <>
          <h3>Reasoning</h3>
          <p className="reasoning">{full.reasoning}</p>
        </>
      )}
      {!mayEdit && <History review={review} cell={cell} />}
    </div>
  );
}

/** Keeps the cell as it was opened: what somebody else wrote meanwhile is not overwritten unseen. */
function Editor({
  full: now,
  column,
  onSave,
  onConflict,
  onCancel,
}: {
  full: FullCell;
  column: Column;
  onSave: (body: { summary?: string; flag?: Flag; reasoning?: string; updated_at?: string | null }) => Promise<void>;
  onConflict: () => void;
  onCancel: () => void;
}) {
  const [full, setFull] = useState(now);
  const [summary, setSummary] = useState(full.summary ?? "");
  const [flag, setFlag] = useState<Flag | "">(full.flag ?? "");
  const [reasoning, setReasoning] = useState(full.reasoning ?? "");
  const save = useMutation({
    mutationFn: () =>
      onSave({
        summary: summary !== full.summary && summary.trim() ? summary : undefined,
        flag: flag && flag !== full.flag ? flag : undefined,
        reasoning: reasoning !== (full.reasoning ?? "") && reasoning.trim() ? reasoning : undefined,
        updated_at: full.updated_at,
      }),
    onError: (error) => isConflict(error) && onConflict(),
  });
  const goOn = () => {
    if (summary === (full.summary ?? "")) setSummary(now.summary ?? "");
    if (flag === (full.flag ?? "")) setFlag(now.flag ?? "");
    if (reasoning === (full.reasoning ?? "")) setReasoning(now.reasoning ?? "");
    setFull(now);
    save.reset();
  };
  const changed =
    (summary.trim() && summary !== full.summary) ||
    (flag && flag !== full.flag) ||
    (reasoning.trim() && reasoning !== (full.reasoning ?? ""));
  return (
    <form
      className="editor"
      onSubmit={(event) => {
        event.preventDefault();
        if (changed) save.mutate();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          onCancel();
        }
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && changed) save.mutate();
      }}
    >
      <label>
        Answer
        {column.format === "tag" || column.format === "yes_no" ? (
          <select autoFocus value={summary} onChange={(event) => setSummary(event.target.value)}>
            {[...new Set([summary, ...(column.format === "tag" ? column.tags : ["Yes", "No"])])].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        ) : (
          <textarea autoFocus rows={3} value={summary} onChange={(event) => setSummary(event.target.value)} />
        )}
      </label>
      <label>
        Flag
        <select value={flag} onChange={(event) => setFlag(event.target.value as Flag)}>
          {!full.flag && <option value="">none</option>}
          {Object.entries(FLAGS).map(([one, says]) => (
            <option key={one} value={one}>
              {says}
            </option>
          ))}
        </select>
      </label>
      <label>
        Reasoning
        <textarea rows={2} value={reasoning} onChange={(event) => setReasoning(event.target.value)} />
      </label>
      <ErrorText>{save.error && sentence(save.error)}</ErrorText>
      {isConflict(save.error) && now.updated_at !== full.updated_at && (
        <p data-testid="conflict">
          It says now: {now.summary ?? "nothing"}{" "}
          <button type="button" onClick={goOn}>
            Go on with mine
          </button>
        </p>
      )}
      <div className="actions">
        <button className="primary" disabled={!changed || save.isPending || isConflict(save.error)}>
          Save
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

const isConflict = (error: unknown): boolean =>
  error instanceof Problem && error.fields.some((one) => one.field === "updated_at");

function History({ review, cell }: { review: string; cell: CellKey }) {
  const history = useQuery({
    queryKey: ["history", review, cell.document_id, cell.column_id],
    queryFn: () => getCellHistory(review, cell),
    staleTime: 0,
  });
  if (history.error) return <ErrorText>{sentence(history.error)}</ErrorText>;
  return (
    <>
      <h3>History</h3>
      {history.data?.changes.length === 0 && <p className="muted">Nobody has changed this answer.</p>}
      <ul className="history">
        {history.data?.changes.map((one, nr) => (
          <li key={nr}>
            <b>{one.email}</b> {ACTIONS[one.action]} <span className="muted">{when(one.created_at)}</span>
            {(one.action === "edit" || one.action === "replace") && (
              <div>
                <del>{String(one.before?.summary ?? "nothing")}</del> →{" "}
                <ins>{String(one.after?.summary ?? "nothing")}</ins>
              </div>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
