/** The grid, and the evidence beside it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { Problem, type Column, type CompactCell, type FullCell, type Job, type Review } from "../api/client";
import { BASE } from "../api/server";
import { api, cellQuery, checkedQuery, columnsQuery, latestJobQuery, rowQuery, verifyCells } from "../api/queries";
import type { Command } from "../evidence/Answer";
import { Panel } from "../evidence/Panel";
import { DOUBTFUL_FIRST, linkedIn, linkTo, searchOf, shownIn, useShown } from "../grid/address";
import { Filters, SEARCH } from "../grid/Filters";
import { Grid, type Chosen, type GridCell, type GridHandle } from "../grid/Grid";
import { hiddenColumns } from "../grid/layout";
import { isLive, useFeed } from "../live";
import { useMe } from "../me";
import { filesFrom, uploadsOf } from "../setup/files";
import { useStart, useTry } from "../setup/Run";
import { MenuList, type Item } from "../ui/Menu";
import { useNotices } from "../ui/notices";
import { Loading } from "../ui/parts";
import { count, figure } from "../ui/words";
import { ChosenBar } from "./ChosenBar";
import { LEFT } from "./Verify";
import { useKeys } from "./Keys";
import { TableDialogs, type Opened } from "./TableDialogs";
import { Toolbar } from "./Toolbar";
import styles from "./Table.module.css";

const LINES = "columnist.lines";

const COMMANDS: Record<string, NonNullable<Command>["does"]> = { e: "edit", v: "verify", r: "regenerate" };
/** Reasons for which an answer stays as it is, and is to be looked at again. */
const STAYS = ["changed", "stale", "failed"] as const;
const NONE: Chosen = { documents: [], range: null };

export function Table({ review, columns, job }: { review: Review; columns: Column[]; job: Job | null }) {
  const { id } = review;
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  const [, go] = useLocation();
  const mayEdit = review.role !== "viewer";
  const grid = useRef<GridHandle>(null);
  const [shown, show] = useShown();
  const { q, group, sort } = shown;
  const filter = shown.filter.filter(
    (one) => one.startsWith("any:") || columns.some(({ id }) => one.startsWith(`${id}:`)),
  );
  const view = { q, filter };
  const groupBy = columns.find((column) => column.id === group) ?? null;
  const [total, setTotal] = useState<number | null>(null);
  const [cell, setCell] = useState<GridCell | null>(null);
  const [command, setCommand] = useState<Command>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const [menu, setMenu] = useState<{ header: HTMLElement; items: Item[] } | null>(null);
  const [chosen, setChosen] = useState(NONE);
  const checked = useQuery(checkedQuery(id)).data;
  const [lines, setLines] = useState(() => Number(localStorage.getItem(LINES)) || 2);
  const [hidden, setHidden] = useState(() => new Set(hiddenColumns(id)));

  const { away, begun, look } = useFeed(id, job, useMe().poll_ms, (cells) => {
    if (!cells.length) return;
    grid.current?.apply(cells);
    void queries.invalidateQueries(checkedQuery(id));
    for (const changed of cells) void queries.invalidateQueries({ ...cellQuery(id, changed), refetchType: "active" });
  });
  useEffect(() => {
    const linked = linkedIn(location.search);
    if (!linked) return;
    void queries.fetchQuery(rowQuery(id, linked.document_id)).then(({ rows: [row] }) => {
      if (row) setCell({ ...linked, document: row.document, row: shownIn(location.search).row ?? 0 });
    });
  }, [id, queries]);
  // A run, an upload or an outage also changes the rows themselves, their order, and which ones match.
  const rowsOf = `${job?.id} ${isLive(job)} ${job?.total_items} ${review.document_count} ${away}`;
  const read = useRef(rowsOf);
  useEffect(() => {
    if (read.current !== rowsOf && !away) grid.current?.refresh();
    read.current = rowsOf;
  }, [rowsOf, away]);

  const refreshJob = () => {
    void queries.invalidateQueries(latestJobQuery(id));
    grid.current?.refresh(); // with the cells that are awaited now
  };
  const start = useStart(id);
  const tryOne = useTry(id);
  const order = api.useMutation("put", "/api/tabular/reviews/{review_id}/columns/order", {
    onSuccess: (ordered) => queries.setQueryData(columnsQuery(id).queryKey, ordered),
    onError: fail,
  });
  useKeys({
    panelIsOpen: cell !== null,
    onMove: (step) => grid.current?.move(step),
    onSearch: () => document.getElementById(SEARCH)?.focus(),
    onHelp: () => setOpened("keys"),
  });
  const goOn = async (open: boolean) => {
    try {
      const next = await grid.current?.next();
      if (next === null) say("No answer in this view waits to be checked.");
      else if (next && open) setCell(next);
    } catch (error) {
      fail(error);
    }
  };
  /** Verifies an answer as the grid shows it, and goes on to the next one that nobody has checked. */
  const isVerifying = useRef(false);
  const verifyAndGoOn = async ({ document_id, column_id }: GridCell) => {
    if (isVerifying.current) return; // the key was pressed for the next answer, which is not here yet
    isVerifying.current = true;
    const seen = { document_id, column_id, updated_at: grid.current!.seen({ document_id, column_id }) };
    try {
      const [outcome] = await verifyCells(id, [seen]);
      look();
      const left = STAYS.find((reason) => outcome!.left[reason]);
      if (left) say(`Not verified: ${LEFT[left].one}.`);
      else await goOn(cell !== null);
    } catch (error) {
      fail(error);
    } finally {
      isVerifying.current = false;
    }
  };
  const press = (pressed: string, shift: boolean, at: GridCell) => {
    const key = pressed.length === 1 ? pressed.toLowerCase() : pressed; // Caps Lock changes nothing
    if (key === "n") return void goOn(false);
    if (key === "v" && mayEdit && shift) return void verifyAndGoOn(at);
    if (key === "v" && mayEdit && chosen.range) return setOpened("verify");
    const does = mayEdit ? COMMANDS[key] : undefined;
    if (key === "Enter" || does) setCell(at);
    if (key === "Escape") setCell(null);
    if (does) setCommand({ does, seen: grid.current!.seen(at) });
  };
  const hide = (column: Column, hides: boolean) => {
    grid.current?.setVisible(column.id, !hides);
    setHidden((old) => {
      const next = new Set(old);
      if (hides) next.add(column.id);
      else next.delete(column.id);
      return next;
    });
  };
  const menuOf = (column: Column): Item[] => [
    { label: "Filter …", onSelect: () => setOpened({ do: "filter", column }) },
    {
      label: group === column.id ? "Ungroup" : "Group by these answers",
      onSelect: () => show({ group: group === column.id ? null : column.id }),
    },
    { label: "Hide", onSelect: () => hide(column, true) },
    ...(mayEdit
      ? [
          "line" as const,
          { label: "Edit the question …", onSelect: () => setOpened({ do: "edit", column }) },
          { label: "Try on one document", onSelect: () => tryOne.mutate([column.id]) },
          { label: "Run this question", onSelect: () => start.mutate({ column_ids: [column.id] }) },
          { label: "Remove …", danger: true, onSelect: () => setOpened({ do: "remove", column }) },
        ]
      : []),
  ];
  const shownColumn = cell && columns.find((column) => column.id === cell.column_id);
  const isFiltered = q !== "" || filter.length > 0;
  const documentAt = (document_id: string, row: number) =>
    `/reviews/${id}/documents/${document_id}${searchOf({ ...shown, row })}`;

  return (
    <main
      className={styles.review}
      id="main"
      data-fixed
      onDragOver={(event) => mayEdit && event.preventDefault()}
      onDrop={(event) => {
        if (!mayEdit || event.isDefaultPrevented()) return; // a viewer, or the dialog takes the files
        event.preventDefault();
        setOpened("documents");
        void filesFrom(event.dataTransfer).then((files) => uploadsOf(id).add(files));
      }}
    >
      <Toolbar
        review={review}
        columns={columns}
        job={job}
        view={view}
        hidden={hidden}
        hasSelection={chosen.documents.length > 0}
        lines={lines}
        onLines={(lines) => {
          localStorage.setItem(LINES, String(lines));
          setLines(lines);
        }}
        visibleColumns={() => grid.current!.visibleColumns()}
        onHide={hide}
        onCopy={() => grid.current?.copy()}
        onOpen={setOpened}
        onJobChanged={refreshJob}
      />
      <Filters
        columns={columns}
        view={view}
        onView={show}
        doubtfulFirst={sort === DOUBTFUL_FIRST}
        onDoubtfulFirst={(does) => show({ sort: does ? DOUBTFUL_FIRST : null })}
        total={total}
        review={id}
        checked={checked}
        onNext={() => void goOn(true)}
      />
      {groupBy && (
        <div className={styles.grouped}>
          Grouped by <b>{groupBy.name}</b>
          <button onClick={() => show({ group: null })}>Ungroup</button>
        </div>
      )}
      {away && (
        <div className={styles.away} role="alert">
          The server cannot be reached. Its runs continue; this page keeps trying.
        </div>
      )}
      <div className={styles.split}>
        {begun ? (
          <Grid
            handle={grid}
            review={id}
            columns={columns}
            view={view}
            groupBy={groupBy}
            sort={sort}
            lines={lines}
            row={shown.row}
            mayEdit={mayEdit}
            checked={checked?.columns}
            rows={checked?.rows ?? 0}
            onOpen={setCell}
            onFocus={(at) => setCell((now) => (now ? at : now))}
            onKey={press}
            onOpenDocument={(document_id, row) => {
              show({ row }); // for the back button
              go(documentAt(document_id, row));
            }}
            onMenu={(column, header) => setMenu({ header, items: menuOf(column) })}
            onRetry={(row, column) =>
              start.mutate({ only: ["failed"], document_ids: [row.document_id], column_ids: [column.id] })
            }
            onSort={(sort) => show({ sort })}
            onOrder={(column_ids) =>
              mayEdit && order.mutate({ params: { path: { review_id: id } }, body: { column_ids } })
            }
            onChosen={setChosen}
            onTotal={setTotal}
            onError={(error) => {
              fail(error);
              // Too many groups, or an address with things that no longer exist.
              if (error instanceof Problem && error.status === 422)
                show(group ? { group: null } : { q: "", filter: [], sort: null });
            }}
            onCopied={(rows, left) =>
              say(
                !rows
                  ? "Select cells with the mouse or with Shift, or tick rows."
                  : left
                    ? `${count(rows, "row")} copied as a table; ${figure(left)} that you have not scrolled past are left out: export has all.`
                    : `${count(rows, "row")} copied as a table.`,
              )
            }
          />
        ) : (
          <Loading what="Opening the grid" />
        )}
        {begun && total === 0 && (
          <div className={styles.nothing}>
            <p>{isFiltered ? "No row matches." : "There are no documents yet."}</p>
            {isFiltered && <button onClick={() => show({ q: "", filter: [] })}>Show all rows</button>}
            {!isFiltered && mayEdit && <button onClick={() => setOpened("documents")}>Add documents</button>}
          </div>
        )}
        <ChosenBar
          review={id}
          chosen={chosen}
          mayEdit={mayEdit}
          onOpen={setOpened}
          onCopy={() => grid.current?.copy()}
          onClear={() => grid.current?.unchoose()}
        />
        {cell && shownColumn && (
          <Panel
            review={id}
            cell={cell}
            column={shownColumn}
            job={job}
            document={cell.document}
            documentAt={documentAt(cell.document_id, cell.row)}
            link={location.origin + BASE + linkTo(id, { ...shown, row: cell.row }, cell)}
            mayEdit={mayEdit}
            command={command}
            onCommandDone={() => setCommand(null)}
            onMove={(step) => grid.current?.move(step)}
            onVerifyAndGoOn={() => void verifyAndGoOn(cell)}
            onChanged={(full) => {
              grid.current?.apply([compactOf(full)]);
              void queries.invalidateQueries(checkedQuery(id));
            }}
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
          at={menu.header.getBoundingClientRect()}
          items={menu.items}
          onClose={() => {
            setMenu(null);
            menu.header.focus();
          }}
        />
      )}
      {opened && (
        <TableDialogs
          opened={opened}
          review={review}
          columns={columns}
          selected={chosen.documents}
          seen={() => grid.current!.chosen()}
          onVerified={() => {
            look();
            grid.current?.focus();
          }}
          onFilter={(one) => show({ filter: [...filter, one] })}
          onRowsRemoved={() => {
            setChosen(NONE);
            grid.current?.refresh();
          }}
          onQuestionEdited={() => grid.current?.refresh()}
          onQuestionAdded={(column_id) =>
            say("The question is added.", () => start.mutate({ column_ids: [column_id] }), "Run it")
          }
          onClose={() => setOpened(null)}
        />
      )}
    </main>
  );
}

/** The grid's form of the cell that the panel has changed. */
const compactOf = (full: FullCell): CompactCell => ({
  document_id: full.document_id,
  column_id: full.column_id,
  status: full.status === "missing" ? "pending" : full.status,
  summary: full.summary,
  value: full.value,
  flag: full.flag,
  verified: full.verified,
  error: full.error,
  attempt_error: full.attempt_error,
  stale: full.stale,
  outdated: full.outdated,
  edited: full.edited_at !== null,
  verified_by: full.verified_by,
  checked: full.checked,
  job_id: full.job_id,
  updated_at: full.updated_at,
});
