/** The grid that fills, what is done with it, and the evidence beside it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { useMe } from "../App";
import {
  orderColumns,
  removeDocuments,
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
import { isLive, useFeed } from "../live";
import { ColumnDialog, Questions, RemoveColumn } from "../setup/Questions";
import { RunDialog, useStart } from "../setup/Run";
import { Upload } from "../setup/Upload";
import { count, Dialog, Loading, Menu, MenuList, type Item } from "../ui/basics";
import { useNotices } from "../ui/notices";
import { ExportMenu } from "./ExportMenu";
import { JobBar } from "./JobBar";
import { HistoryDialog, ShareDialog } from "./People";
import { ReviewName } from "./ReviewName";

type Open = "documents" | "questions" | "new question" | "run" | "people" | "history" | "keys" | "remove rows" | null;

export function Table({ review, columns, job }: { review: Review; columns: Column[]; job: Job | null }) {
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

  return (
    <main className="review" id="main">
      <div className="toolbar">
        <ReviewName review={review} />
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
        <ExportMenu review={id} view={view} shownColumns={hidden.size ? () => grid.current!.visibleColumns() : null} />
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
