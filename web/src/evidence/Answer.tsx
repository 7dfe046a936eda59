/** One answer in full: its words, its evidence, its reasoning, and the acts of a person on it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { client, type CellKey, type Citation, type Column, type FullCell, type Job } from "../api/client";
import { api, CELL, cellHistoryQuery, cellPath, cellQuery, readCell, rowQuery } from "../api/queries";
import { isLive } from "../live";
import { isMeasured, useMe } from "../me";
import { useNotices } from "../ui/notices";
import { ErrorOf, ErrorText, FlagDot, Loading } from "../ui/parts";
import { reading, when } from "../ui/words";
import { Editor } from "./Editor";
import { History } from "./History";
import parts from "../ui/parts.module.css";
import styles from "./Answer.module.css";

const isSame = (one: Citation, other: Citation | null) => one.quote === other?.quote && one.page === other.page;

/** The act on the opened answer that a key in the grid asks for; `seen`: the `updated_at` of the cell as the grid showed
 * it. */
export type Command = { does: "edit" | "verify" | "regenerate"; seen: string | null } | null;
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
  /** Absent where there is no next answer to go to. */
  onVerifyAndGoOn?: () => void;
};
/** Give it a `key` of its cell, so that another cell starts fresh. */
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
  onVerifyAndGoOn,
}: Props) {
  const me = useMe();
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  const found = useQuery({ ...cellQuery(review, cell), staleTime: 0 });
  const here = cellPath(review, cell);
  const [editing, setEditing] = useState(false);
  const [history, setHistory] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const stopEditing = () => {
    root.current!.focus(); // the focus was in the editor, which is removed
    setEditing(false);
  };
  const full = found.data;
  const unanswered = full && full.status !== "done" && full.status !== "error";
  const row = useQuery({ ...rowQuery(review, cell.document_id), enabled: unanswered && isLive(job) });
  const put = (changed: FullCell) => {
    queries.setQueryData(cellQuery(review, cell).queryKey, changed);
    void queries.invalidateQueries(cellHistoryQuery(review, cell));
    onChanged(changed);
  };
  const verifying = api.useMutation("post", `${CELL}/verify`, {
    onSuccess: put,
    onError: (error) => {
      fail(error);
      void found.refetch();
    },
  });
  const verify = (seen: string | null) =>
    verifying.mutate({ ...here, body: { verified: !full!.verified_by, updated_at: seen } });
  const again = api.useMutation("post", `${CELL}/regenerate`, {
    onSuccess: () => {
      say("The question is being asked again.");
      onStarted();
    },
    onError: fail,
  });
  const [asking, setAsking] = useState(false);
  const isPersons = !!full && (full.edited_at !== null || full.verified_by !== null);
  const askAgain = () => (isPersons ? setAsking(true) : again.mutate(here));
  const restore = api.useMutation("post", `${CELL}/restore`, { onSuccess: put, onError: fail });
  const clear = api.useMutation("delete", CELL, {
    onSuccess: async () => {
      put(await readCell(review, cell));
      say("Answer cleared.", () => restore.mutate(here));
    },
    onError: fail,
  });
  const onFull = useEffectEvent((now: FullCell) => {
    if (!now.citations.some((one) => isSame(one, chosen))) onChoose(now.citations[0] ?? null);
  });
  useEffect(() => {
    if (full) onFull(full);
  }, [full]);
  const onCommand = useEffectEvent(({ does, seen }: NonNullable<Command>, now: FullCell) => {
    if (does === "edit") setEditing(true);
    if (does === "verify" && now.status === "done") verify(seen);
    if (does === "regenerate") askAgain();
    onCommandDone?.();
  });
  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- a key that was pressed in the grid: an event from outside
    if (command && full && mayEdit) onCommand(command, full);
  }, [command, full, mayEdit]);
  if (found.error) return <ErrorOf error={found.error} />;
  if (!full) return <Loading what="Loading the answer" />;
  const read = full.value_format === column.format && reading(full.value, full.summary, column.format, column.unit);
  return (
    <div ref={root} tabIndex={-1}>
      {unanswered && (
        <p className="muted">
          {isLive(job) && row.data?.rows[0]?.awaited.includes(column.id) ? "Being answered …" : "Not asked yet."}
        </p>
      )}
      {full.status === "error" && <ErrorText>{full.error}</ErrorText>}
      {full.status === "done" && full.attempt_error && (
        <ErrorText>
          The attempt of {when(full.attempted_at!)} failed: {full.attempt_error} This is the answer from before.
        </ErrorText>
      )}
      {editing ? (
        <Editor
          full={full}
          column={column}
          onCancel={stopEditing}
          onConflict={() => void found.refetch()}
          onSave={async (body) => {
            put((await client.PATCH(CELL, { ...here, body })).data!);
            stopEditing();
          }}
        />
      ) : (
        full.summary !== null && (
          <p className={styles.summary} data-testid="summary">
            <FlagDot
              flag={full.flag}
              unproven={!full.rule && !full.edited_at && !full.verified_by && !isMeasured(me, full.model)}
            />{" "}
            {full.summary}
          </p>
        )
      )}
      {!editing && read && <p data-testid="reading">Read as {read}</p>}
      {!editing && full.rule && (
        <p className={styles.rule} data-testid="rule">
          {full.rule}
        </p>
      )}
      <p className={styles.states}>
        {full.stale && (
          <span className={`${parts.badge} ${parts.warn}`} title="The question has changed since this was answered">
            stale
          </span>
        )}
        {full.outdated && (
          <span className={parts.badge} title="From another model, or another version of the prompt">
            outdated
          </span>
        )}
        {full.edited_at && (
          <span className={parts.badge} title={when(full.edited_at)}>
            edited by {full.edited_by}
          </span>
        )}
        {full.verified_by && (
          <span
            className={`${parts.badge} ${full.stale ? parts.warn : parts.good}`}
            title={full.verified_at ? when(full.verified_at) : ""}
          >
            verified by {full.verified_by}
            {full.stale && ", before the question changed"}
          </span>
        )}
        {full.model && <span className="muted"> {full.model}</span>}
      </p>
      {mayEdit && !editing && (
        <div className={parts.actions}>
          <button onClick={() => setEditing(true)} title="E">
            Edit
          </button>
          <button
            disabled={full.status !== "done" || verifying.isPending}
            aria-pressed={!!full.verified_by}
            onClick={() => verify(full.updated_at)}
            title="V"
          >
            {full.verified_by ? "Verified ✔" : "Verify"}
          </button>
          {onVerifyAndGoOn && full.checked === false && (
            <button onClick={onVerifyAndGoOn} title="Shift + V">
              Verify, next →
            </button>
          )}
          <button disabled={again.isPending} onClick={askAgain} title="R">
            Ask again
          </button>
          <button
            disabled={full.status === "missing" || full.status === "pending" || clear.isPending}
            onClick={() => clear.mutate(here)}
          >
            Clear
          </button>
          <button aria-pressed={history} onClick={() => setHistory(!history)}>
            History
          </button>
        </div>
      )}
      {asking && (
        <div className={parts.actions} role="alert">
          A person has {full.edited_at ? "edited" : "verified"} this answer. The history keeps it.
          <button
            autoFocus
            onClick={() => {
              setAsking(false);
              again.mutate(here);
            }}
          >
            Replace it
          </button>
          <button onClick={() => setAsking(false)}>Keep it</button>
        </div>
      )}
      {history && <History review={review} cell={cell} />}
      {full.citations.length > 0 && (
        <>
          <h3>Evidence</h3>
          <ol className={styles.citations}>
            {full.citations.map((one, index) => (
              <li key={index}>
                <button
                  className={one.verified ? styles.citation : `${styles.citation} ${styles.unverified}`}
                  aria-pressed={isSame(one, chosen)}
                  onClick={() => onChoose(one)}
                >
                  <q className={/^["“].*["”]$/s.test(one.quote) ? styles.marked : undefined}>{one.quote}</q>
                  <span className={styles.where}>
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
          <p className={styles.reasoning}>{full.reasoning}</p>
        </>
      )}
      {!mayEdit && <History review={review} cell={cell} />}
    </div>
  );
}
