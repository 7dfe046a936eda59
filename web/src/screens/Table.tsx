/** The grid that fills, what is done with it, and the evidence beside it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import {
  orderColumns,
  Problem,
  removeDocuments,
  type Column,
  type CompactCell,
  type FullCell,
  type Job,
  type Review,
} from "../api/client";
import type { Command } from "../evidence/Answer";
import { Panel } from "../evidence/Panel";
import { FilterDialog, Filters } from "../grid/Filters";
import { Grid, hiddenIn, type GridHandle, type Looked } from "../grid/Grid";
import { searchOf, useShown } from "../grid/shown";
import { isLive, useFeed } from "../live";
import { useMe } from "../me";
import { ColumnDialog, Questions, RemoveColumn } from "../setup/Questions";
import { RunDialog, useStart, useTry } from "../setup/Run";
import { Upload, useUploads } from "../setup/Upload";
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
  const [shown, show] = useShown();
  const { q, group, sort } = shown;
  const isColumn = (one: string | null) => columns.some((column) => column.id === one);
  const filter = shown.filter.filter((one) => one.startsWith("any:") || isColumn(one.split(":")[0]!));
  const view = { q, filter };
  const groupBy = columns.find((one) => one.id === group) ?? null;
  const [total, setTotal] = useState<number | null>(null);
  const [cell, setCell] = useState<Looked | null>(null);
  const [command, setCommand] = useState<Command>(null);
  const [open, setOpen] = useState<Open>(null);
  const [editing, setEditing] = useState<Column | null>(null);
  const [removing, setRemoving] = useState<Column | null>(null);
  const [filtering, setFiltering] = useState<Column | null>(null);
  const [menu, setMenu] = useState<{ column: Column; header: HTMLElement; at: DOMRect } | null>(null);
  const [chosen, setChosen] = useState<string[]>([]);
  const uploads = useUploads(id);
  const [hidden, setHidden] = useState(() => new Set(hiddenIn(id)));

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
    if (!away) grid.current?.refresh(); // with the rows that could not be read
  }, [away]);

  const refreshJob = () => queries.invalidateQueries({ queryKey: ["active-job", id] });
  const start = useStart(id);
  const tryOne = useTry(id);
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
  const panelIsOpen = cell !== null;
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (panelIsOpen && event.altKey && step && !(event.target as HTMLElement).closest("form, dialog, .ag-header")) {
        event.preventDefault(); // the browser would leave the page
        grid.current?.move(step[0]!, step[1]!);
      }
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
  }, [panelIsOpen]);
  const changed = (full: FullCell) => {
    const { document_id, column_id, status, summary, value, flag, verified, error, job_id, verified_by } = full;
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
        attempt_error: full.attempt_error,
        stale: full.stale,
        outdated: full.outdated,
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
      label: group === column.id ? "Do not group" : "Group by these answers",
      onSelect: () => show({ group: group === column.id ? null : column.id }),
    },
    { label: "Hide", onSelect: () => hide(column, true) },
    ...(mayEdit
      ? [
          "line" as const,
          { label: "Edit the question …", onSelect: () => setEditing(column) },
          { label: "Try on one document", onSelect: () => tryOne.mutate([column.id]) },
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
  const someRows = q !== "" || filter.length > 0;
  const documentAt = (document_id: string, row: number) =>
    `/reviews/${id}/documents/${document_id}${searchOf({ ...shown, row })}`;

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
        {mayEdit && (
          <button onClick={() => setOpen("documents")}>
            {uploads.busy ? `Adding ${uploads.done} / ${count(uploads.files.length, "file")} …` : "Add documents"}
            {uploads.refused.length > 0 && <span className="failed">{uploads.refused.length} refused</span>}
          </button>
        )}
        {mayEdit && <button onClick={() => setOpen("new question")}>Add a question</button>}
        <Menu
          label="Columns ▾"
          items={[
            ...columns.map((column) => ({
              label: column.name,
              checked: !hidden.has(column.id),
              onSelect: () => hide(column, !hidden.has(column.id)),
            })),
            "line" as const,
            {
              label: "Show all",
              disabled: !hidden.size,
              onSelect: () => columns.forEach((column) => hide(column, false)),
            },
            ...(mayEdit ? [{ label: "All questions …", onSelect: () => setOpen("questions") }] : []),
          ]}
        />
        <ExportMenu review={id} view={view} shownColumns={hidden.size ? () => grid.current!.visibleColumns() : null} />
        <Menu
          label="⋯"
          title="More"
          items={[
            { label: "Copy as a table", onSelect: () => grid.current?.copy() },
            ...(mayEdit
              ? [
                  {
                    label: "Remove the chosen rows …",
                    disabled: !chosen.length,
                    onSelect: () => setOpen("remove rows"),
                  },
                ]
              : []),
            "line",
            { label: "People …", onSelect: () => setOpen("people") },
            { label: "Who changed what …", onSelect: () => setOpen("history") },
            { label: "Keys …", onSelect: () => setOpen("keys") },
          ]}
        />
      </div>
      <Filters columns={columns} view={view} onView={show} total={total} />
      {groupBy && (
        <div className="grouped">
          Grouped by <b>{groupBy.name}</b>
          <button onClick={() => show({ group: null })}>Do not group</button>
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
            sort={sort}
            row={shown.row}
            job={job}
            mayEdit={mayEdit}
            onOpen={setCell}
            onFocus={(at) => setCell((now) => (now ? at : now))}
            onKey={key}
            onOpenDocument={(document_id, row) => {
              show({ row }); // for the way back
              go(documentAt(document_id, row));
            }}
            onMenu={(column, header) => setMenu({ column, header, at: header.getBoundingClientRect() })}
            onRetry={(one, column) =>
              start.mutate({ only: ["failed"], document_ids: [one.document_id], column_ids: [column.id] })
            }
            onSort={(sort) => show({ sort })}
            onOrder={(ids) => mayEdit && order.mutate(ids)}
            onSelection={setChosen}
            onTotal={setTotal}
            onError={(error) => {
              fail(error);
              // Too many groups, or an address that asks for what is no longer there.
              if (error instanceof Problem && error.status === 422)
                show(group ? { group: null } : { q: "", filter: [], sort: null });
            }}
            onCopied={(rows) =>
              say(
                rows ? `${count(rows, "row")} copied as a table.` : "Choose cells with Shift, or rows by their boxes.",
              )
            }
          />
        ) : (
          <Loading what="Opening the grid" />
        )}
        {begun && total === 0 && (
          <div className="nothing">
            <p>{someRows ? "No row matches." : "There are no documents yet."}</p>
            {someRows && <button onClick={() => show({ q: "", filter: [] })}>Show all rows</button>}
            {!someRows && mayEdit && <button onClick={() => setOpen("documents")}>Add documents</button>}
          </div>
        )}
        {cell && shownColumn && (
          <Panel
            review={id}
            cell={cell}
            column={shownColumn}
            job={job}
            document={cell.document}
            documentAt={documentAt(cell.document_id, cell.row)}
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
      {menu && (
        <MenuList
          at={menu.at}
          items={menuOf(menu.column)}
          onClose={() => {
            setMenu(null);
            menu.header.focus();
          }}
        />
      )}
      {filtering && (
        <FilterDialog
          columns={columns}
          column={filtering}
          onAdd={(one) => show({ filter: [...filter, one] })}
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
          <Upload review={id} />
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
  ["Alt + arrows", "with the panel open: next and previous answer or document"],
  ["On a question's head", "Enter sorts, Alt + ↓ opens its menu, Shift + ← → moves it, Alt + ← → makes it wider"],
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
