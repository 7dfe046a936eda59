/** A review: first what to ask about which documents, then the grid that fills, with the evidence beside it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { useMe } from "../App";
import {
  authorization,
  cancelTabularJob,
  exportUrl,
  getReview,
  getRows,
  listColumns,
  orderColumns,
  problemOf,
  removeDocuments,
  renameReview,
  resumeTabularJob,
  sentence,
  token,
  type Column,
  type CompactCell,
  type FullCell,
  type Job,
  type Review,
  type Row,
  type View,
} from "../api/client";
import type { Command } from "../evidence/Answer";
import { Panel } from "../evidence/Panel";
import { FilterDialog, Filters } from "../grid/Filters";
import { Grid, type GridHandle, type Looked } from "../grid/Grid";
import { isLive, useFeed, useJob } from "../live";
import { ColumnDialog, Questions, RemoveColumn } from "../setup/Questions";
import { Estimate, RunDialog, useStart } from "../setup/Run";
import { Upload } from "../setup/Upload";
import { count, Dialog, duration, ErrorText, Loading, Menu, MenuList, type Item } from "../ui/basics";
import { useNotices } from "../ui/notices";
import { HistoryDialog, ShareDialog } from "./People";

const REFRESH_MS = 30_000;

export default function ReviewScreen({ id }: { id: string }) {
  const review = useQuery({ queryKey: ["review", id], queryFn: () => getReview(id), refetchInterval: REFRESH_MS });
  const columns = useQuery({ queryKey: ["columns", id], queryFn: () => listColumns(id), refetchInterval: REFRESH_MS });
  const me = useMe();
  const job = useJob(id, me.poll_ms);
  const error = review.error ?? columns.error;
  if (error && !review.data)
    return (
      <main className="empty" id="main">
        <h1>This review cannot be shown</h1>
        <ErrorText>{sentence(error)}</ErrorText>
        <Link href="/">All reviews</Link>
      </main>
    );
  if (!review.data || !columns.data || job === undefined) return <Loading what="Opening the review" />;
  document.title = `${review.data.name} · Columnist`;
  // Until somebody has run it, the screen is about what to run.
  return job === null && review.data.role !== "viewer" ? (
    <Setup review={review.data} columns={columns.data.columns} />
  ) : (
    <Table review={review.data} columns={columns.data.columns} job={job} />
  );
}

function Name({ review }: { review: Review }) {
  const queries = useQueryClient();
  const [name, setName] = useState(review.name);
  const { fail } = useNotices();
  useEffect(() => setName(review.name), [review.name]);
  const rename = useMutation({
    mutationFn: (to: string) => renameReview(review.id, to),
    onSuccess: (changed) => queries.setQueryData(["review", review.id], changed),
    onError: (error) => {
      setName(review.name);
      fail(error);
    },
  });
  const commit = () => (name.trim() && name.trim() !== review.name ? rename.mutate(name.trim()) : setName(review.name));
  return (
    <h1 className="review-name">
      {review.role === "viewer" ? (
        review.name
      ) : (
        <input
          aria-label="Name of the review"
          value={name}
          maxLength={200}
          onChange={(event) => setName(event.target.value)}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === "Enter") event.currentTarget.blur();
            if (event.key === "Escape") setName(review.name);
          }}
        />
      )}
    </h1>
  );
}

function Setup({ review, columns }: { review: Review; columns: Column[] }) {
  const start = useStart(review.id);
  const ready = review.document_count > 0 && columns.length > 0;
  const tryOne = useMutation({
    mutationFn: async () => {
      const { rows } = await getRows(review.id, { filter: [], q: "" }, "position", 0, 1);
      return rows[0]!.document_id;
    },
    onSuccess: (document) => start.mutate({ document_ids: [document] }),
  });
  return (
    <main className="setup" id="main">
      <Name review={review} />
      <section aria-labelledby="setup-documents">
        <h2 id="setup-documents">
          1 · Documents <span className="muted">{count(review.document_count, "document")}</span>
        </h2>
        <Upload review={review.id} onChanged={() => {}} />
      </section>
      <section aria-labelledby="setup-questions">
        <h2 id="setup-questions">
          2 · Questions <span className="muted">{count(columns.length, "question")}</span>
        </h2>
        <Questions review={review.id} columns={columns} />
      </section>
      <section aria-labelledby="setup-run">
        <h2 id="setup-run">3 · Run</h2>
        <p className="size">
          {count(review.document_count, "document")} × {count(columns.length, "question")} ={" "}
          <b>{count(review.document_count * columns.length, "answer")}</b>
        </p>
        <Estimate review={review.id} asked={{}} documents={review.document_count} columns={columns.length} />
        <div className="actions">
          <button disabled={!ready || tryOne.isPending || start.isPending} onClick={() => tryOne.mutate()}>
            Try on one document
          </button>
          <button className="primary" disabled={!ready || start.isPending} onClick={() => start.mutate({})}>
            Run
          </button>
        </div>
      </section>
    </main>
  );
}

type Open = "documents" | "questions" | "new question" | "run" | "people" | "history" | "keys" | "remove rows" | null;

function Table({ review, columns, job }: { review: Review; columns: Column[]; job: Job | null }) {
  const { id } = review;
  const me = useMe();
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  const [, go] = useLocation();
  const mayEdit = review.role !== "viewer";
  const grid = useRef<GridHandle>(null);
  const [view, setView] = useState<View>({ filter: [], q: "" });
  const [groupBy, setGroupBy] = useState<Column | null>(null);
  const [total, setTotal] = useState<number | null>(null);
  const [cell, setCell] = useState<Looked | null>(null);
  const [command, setCommand] = useState<Command>(null);
  const [open, setOpen] = useState<Open>(null);
  const [editing, setEditing] = useState<Column | null>(null);
  const [removing, setRemoving] = useState<Column | null>(null);
  const [filtering, setFiltering] = useState<Column | null>(null);
  const [menu, setMenu] = useState<{ column: Column; at: DOMRect } | null>(null);
  const [chosen, setChosen] = useState<string[]>([]);
  const [hidden, setHidden] = useState<Set<string>>(new Set());

  const apply = useCallback(
    (cells: CompactCell[]) => {
      if (!cells.length) return;
      grid.current?.apply(cells);
      for (const one of cells)
        queries.invalidateQueries({ queryKey: ["cell", id, one.document_id, one.column_id], refetchType: "active" });
    },
    [id],
  );
  const { away, begun } = useFeed(id, job, me.poll_ms, apply);

  // What a run changes beside cells: rows that are open, order and membership under a filter.
  const state = `${job?.id} ${isLive(job)}`;
  const seen = useRef(state);
  useEffect(() => {
    if (seen.current !== state) grid.current?.refresh();
    seen.current = state;
  }, [state]);
  useEffect(() => {
    grid.current?.refresh();
  }, [review.document_count]);
  useEffect(() => {
    if (groupBy) setGroupBy(columns.find((one) => one.id === groupBy.id) ?? null);
  }, [columns]);

  const refreshJob = () => queries.invalidateQueries({ queryKey: ["active-job", id] });
  const start = useStart(id);
  const order = useMutation({
    mutationFn: (ids: string[]) => orderColumns(id, ids),
    onSuccess: (found) => queries.setQueryData(["columns", id], found),
    onError: fail,
  });
  const removeRows = useMutation({
    mutationFn: () => removeDocuments(id, chosen),
    onSuccess: () => {
      setOpen(null);
      setChosen([]);
      queries.invalidateQueries({ queryKey: ["review", id] });
      grid.current?.refresh();
    },
    onError: fail,
  });
  const key = (pressed: string, at: Looked) => {
    if (pressed === "Enter") setCell(at);
    if (pressed === "Escape") setCell(null);
    const wanted = ({ e: "edit", v: "verify", r: "regenerate" } as const)[pressed];
    if (wanted && mayEdit) {
      setCell(at);
      setCommand(wanted);
    }
  };
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      const typing = (event.target as HTMLElement).closest("input, textarea, select, dialog");
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "/") {
        event.preventDefault();
        document.getElementById("search")?.focus();
      }
      if (event.key === "?") setOpen("keys");
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  }, []);
  const changed = (full: FullCell) => {
    const { document_id, column_id, status, summary, value, flag, verified, error, stale, job_id, verified_by } = full;
    grid.current?.apply([
      {
        document_id,
        column_id,
        status: status === "missing" ? "pending" : status,
        summary,
        value,
        flag,
        verified,
        error,
        stale,
        edited: full.edited_at !== null,
        verified_by,
        job_id,
      },
    ]);
  };
  const shownColumn = cell && columns.find((one) => one.id === cell.column_id);

  const menuOf = (column: Column): Item[] => [
    { label: "Filter …", onSelect: () => setFiltering(column) },
    {
      label: groupBy?.id === column.id ? "Do not group" : "Group by these answers",
      onSelect: () => setGroupBy(groupBy?.id === column.id ? null : column),
    },
    { label: "Hide", onSelect: () => hide(column, true) },
    ...(mayEdit
      ? [
          "line" as const,
          { label: "Edit the question …", onSelect: () => setEditing(column) },
          { label: "Run this question", onSelect: () => start.mutate({ column_ids: [column.id] }) },
          { label: "Remove …", danger: true, onSelect: () => setRemoving(column) },
        ]
      : []),
  ];
  const hide = (column: Column, hides: boolean) => {
    grid.current?.setVisible(column.id, !hides);
    setHidden((old) => {
      const next = new Set(old);
      if (hides) next.add(column.id);
      else next.delete(column.id);
      return next;
    });
  };
  const someRows = view.q !== "" || view.filter.length > 0;
  const exports = (["xlsx", "csv", "parquet", "json"] as const).flatMap((format): Item[] => [
    {
      label: `${format.toUpperCase()}${someRows ? ": everything" : ""}`,
      onSelect: () => void download(exportUrl(id, format, { filter: [], q: "" }, null), fail),
    },
    ...(someRows || hidden.size
      ? [
          {
            label: `${format.toUpperCase()}: what is shown`,
            onSelect: () =>
              void download(exportUrl(id, format, view, hidden.size ? grid.current!.visibleColumns() : null), fail),
          },
        ]
      : []),
  ]);

  return (
    <main className="review" id="main">
      <div className="toolbar">
        <Name review={review} />
        <JobBar job={job} onChanged={refreshJob} mayEdit={mayEdit} />
        {mayEdit && (
          <button className="primary" disabled={isLive(job)} onClick={() => setOpen("run")}>
            Run …
          </button>
        )}
        {mayEdit && <button onClick={() => setOpen("documents")}>Add documents</button>}
        {mayEdit && <button onClick={() => setOpen("new question")}>Add a question</button>}
        <Menu
          label="Columns ▾"
          items={[
            ...columns.map((column) => ({
              label: column.name,
              checked: !hidden.has(column.id),
              onSelect: () => hide(column, !hidden.has(column.id)),
            })),
            ...(mayEdit ? ["line" as const, { label: "All questions …", onSelect: () => setOpen("questions") }] : []),
          ]}
        />
        <Menu label="Export ▾" items={exports} />
        <Menu
          label="⋯"
          title="More"
          items={[
            { label: "Copy as a table", onSelect: () => grid.current?.copy() },
            {
              label: "Remove the chosen rows …",
              disabled: !chosen.length || !mayEdit,
              onSelect: () => setOpen("remove rows"),
            },
            "line",
            { label: "People …", onSelect: () => setOpen("people") },
            { label: "Who changed what …", onSelect: () => setOpen("history") },
            { label: "Keys …", onSelect: () => setOpen("keys") },
          ]}
        />
      </div>
      <Filters columns={columns} view={view} onView={setView} total={total} />
      {groupBy && (
        <div className="grouped">
          Grouped by <b>{groupBy.name}</b>
          <button onClick={() => setGroupBy(null)}>Do not group</button>
        </div>
      )}
      {away && (
        <div className="away" role="alert">
          The server is away. What runs there goes on; this page keeps trying.
        </div>
      )}
      <div className="split">
        {begun ? (
          <Grid
            ref={grid}
            review={id}
            columns={columns}
            view={view}
            groupBy={groupBy}
            job={job}
            mayEdit={mayEdit}
            onOpen={setCell}
            onFocus={(at) => setCell((now) => (now ? at : now))}
            onKey={key}
            onOpenDocument={(one: Row) => go(`/reviews/${id}/documents/${one.document_id}`)}
            onMenu={(column, at) => setMenu({ column, at })}
            onRetry={(one, column) =>
              start.mutate({ only: ["failed"], document_ids: [one.document_id], column_ids: [column.id] })
            }
            onOrder={(ids) => mayEdit && order.mutate(ids)}
            onSelection={setChosen}
            onTotal={setTotal}
            onError={fail}
            onCopied={(rows) => say(`${count(rows, "row")} copied as a table.`)}
          />
        ) : (
          <Loading what="Opening the grid" />
        )}
        {begun && total === 0 && (
          <div className="nothing">{someRows ? "No row matches." : "There are no documents yet."}</div>
        )}
        {cell && shownColumn && (
          <Panel
            review={id}
            cell={cell}
            column={shownColumn}
            document={cell.document}
            mayEdit={mayEdit}
            command={command}
            onCommandDone={() => setCommand(null)}
            onMove={(rows, places) => grid.current?.move(rows, places)}
            onChanged={changed}
            onStarted={refreshJob}
            onClose={() => {
              setCell(null);
              grid.current?.focus();
            }}
          />
        )}
      </div>
      {menu && <MenuList at={menu.at} items={menuOf(menu.column)} onClose={() => setMenu(null)} />}
      {filtering && (
        <FilterDialog
          columns={columns}
          column={filtering}
          onAdd={(filter) => setView({ ...view, filter: [...view.filter, filter] })}
          onClose={() => setFiltering(null)}
        />
      )}
      {editing && (
        <ColumnDialog
          review={id}
          column={editing}
          onClose={() => {
            setEditing(null);
            grid.current?.refresh();
          }}
        />
      )}
      {removing && <RemoveColumn review={id} column={removing} onClose={() => setRemoving(null)} />}
      {open === "documents" && (
        <Dialog title="Add documents" wide onClose={() => setOpen(null)}>
          <Upload review={id} onChanged={() => grid.current?.refresh()} />
        </Dialog>
      )}
      {open === "questions" && (
        <Dialog title="Questions" wide onClose={() => setOpen(null)}>
          <Questions review={id} columns={columns} />
        </Dialog>
      )}
      {open === "new question" && <ColumnDialog review={id} column={null} onClose={() => setOpen(null)} />}
      {open === "run" && (
        <RunDialog
          review={id}
          documents={review.document_count}
          columns={columns.length}
          chosen={chosen}
          onClose={() => setOpen(null)}
        />
      )}
      {open === "people" && (
        <ShareDialog review={id} mayShare={review.role === "owner"} onClose={() => setOpen(null)} />
      )}
      {open === "history" && <HistoryDialog review={id} onClose={() => setOpen(null)} />}
      {open === "remove rows" && (
        <Dialog title={`Remove ${count(chosen.length, "row")}?`} onClose={() => setOpen(null)}>
          <p>Their answers go; the documents stay.</p>
          <footer>
            <button onClick={() => setOpen(null)}>Keep them</button>
            <button className="danger" disabled={removeRows.isPending} onClick={() => removeRows.mutate()}>
              Remove the rows
            </button>
          </footer>
        </Dialog>
      )}
      {open === "keys" && <Keys onClose={() => setOpen(null)} />}
    </main>
  );
}

function JobBar({ job, onChanged, mayEdit }: { job: Job | null; onChanged: () => void; mayEdit: boolean }) {
  const { fail } = useNotices();
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelTabularJob(job!.id),
    onSuccess: () => {
      onChanged();
      queries.invalidateQueries({ queryKey: ["job", job!.id] });
    },
    onError: fail,
  });
  const resume = useMutation({
    mutationFn: () => resumeTabularJob(job!.id, null),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["job", job!.id] }),
    onError: fail,
  });
  const start = useStart(job?.review_id ?? "");
  if (!job) return null;
  const ended = job.completed_items + job.error_items + job.skipped_items;
  if (!isLive(job))
    return (
      <div className="job" role="status">
        <span className="muted">
          {job.status === "cancelled" ? "Cancelled: " : ""}
          {ended.toLocaleString("en")} / {job.total_items.toLocaleString("en")} documents
          {job.price > 0 ? ` · $${job.price.toFixed(2)}` : ""}
        </span>
        {job.error_cells > 0 && mayEdit && (
          <button className="failed" onClick={() => start.mutate({ only: ["failed"] })}>
            Retry {count(job.error_cells, "failed answer")}
          </button>
        )}
      </div>
    );
  return (
    <div className="job" role="status">
      <progress aria-label="Documents done" max={job.total_items || 1} value={ended} />
      <b data-testid="progress">
        {ended.toLocaleString("en")} / {job.total_items.toLocaleString("en")}
      </b>
      <span className="muted">
        {job.cancel_requested_at
          ? "stopping …"
          : job.paused_at
            ? job.pause_reason
            : [
                job.rate ? `${job.rate.toPrecision(2)}/s` : "",
                job.eta_seconds ? `${duration(job.eta_seconds)} left` : "",
                job.price > 0 ? `$${job.price.toFixed(2)}` : "",
              ]
                .filter(Boolean)
                .join(" · ")}
      </span>
      {job.error_cells > 0 && <span className="failed">{count(job.error_cells, "failure")}</span>}
      {mayEdit && job.paused_at && <button onClick={() => resume.mutate()}>Go on without a budget</button>}
      {mayEdit && (
        <button disabled={cancel.isPending || job.cancel_requested_at !== null} onClick={() => cancel.mutate()}>
          Cancel
        </button>
      )}
    </div>
  );
}

/** A plain link where nobody signs in, so that the browser streams it; else the token has to come along. */
async function download(url: string, fail: (error: unknown) => void): Promise<void> {
  const link = document.createElement("a");
  link.download = "";
  link.href = url;
  if (token.get()) {
    try {
      const answer = await fetch(url, { headers: authorization() });
      if (!answer.ok) throw problemOf(answer.status, await answer.json());
      link.download = decodeURIComponent(
        answer.headers.get("content-disposition")?.split("filename*=utf-8''")[1] ?? "review",
      );
      link.href = URL.createObjectURL(await answer.blob());
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (error) {
      return fail(error);
    }
  }
  link.click();
}

const KEYS = [
  ["Arrows", "go from answer to answer"],
  ["Shift + arrows", "choose a range"],
  ["Ctrl + C", "copy the range as a table"],
  ["Enter", "open the evidence, or the document"],
  ["Alt + arrows", "in the panel: next and previous answer or document"],
  ["E", "edit"],
  ["V", "verify, or take it back"],
  ["R", "ask again"],
  ["Space", "choose the row"],
  ["Esc", "close the panel"],
  ["/", "search"],
  ["?", "these keys"],
];

function Keys({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <table className="keys">
        <tbody>
          {KEYS.map(([key, what]) => (
            <tr key={key}>
              <th scope="row">
                <kbd>{key}</kbd>
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}
