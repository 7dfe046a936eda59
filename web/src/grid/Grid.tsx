/** The grid itself: AG Grid over windows of rows. */
import { createGrid, type GridApi, type GridOptions } from "ag-grid-community";
import { useEffect, useEffectEvent, useImperativeHandle, useRef, type CSSProperties, type Ref } from "react";
import {
  Problem,
  type CellKey,
  type Column,
  type CompactCell,
  type SeenCell,
  type View,
  type WindowRow,
} from "../api/client";
import { readCell, readGroups, readNextUnchecked, readRows } from "../api/queries";
import { stepOf, type Step } from "../ui/step";
import { DOUBTFUL_FIRST } from "./address";
import type { Shared } from "./cells";
import { copyTable } from "./clipboard";
import { saveLayout, savedLayout } from "./layout";
import { BLOCK, columnDefs, fixedOptions, themeOf } from "./options";
import { selectByMouse } from "./mouse";
import { within } from "./range";
import { isGroup, RowSource, type GridRow } from "./rows";
import { NAME, Selection } from "./selection";
import styles from "./Grid.module.css";

/** A cell in the grid; `document` is the name of its row, `row` the row's place. */
export type GridCell = CellKey & { document: string; row: number };

/** The choice of a person: the documents of the ticked rows, or else the size of a range of several cells. */
export type Chosen = { documents: string[]; range: { rows: number; questions: number } | null };

export type GridHandle = {
  apply: (cells: CompactCell[]) => void;
  refresh: () => void;
  move: (step: Step) => void;
  /** Goes to the next unchecked answer; null if none is left. */
  next: () => Promise<GridCell | null>;
  /** The `updated_at` of the cell that the grid shows; null: never written. */
  seen: (cell: CellKey) => string | null;
  /** The cells of the choice, as the grid shows them; `left`: rows of it that were not on the screen. */
  chosen: () => { cells: SeenCell[]; left: number };
  unchoose: () => void;
  focus: () => void;
  copy: () => void;
  visibleColumns: () => string[];
  setVisible: (column_id: string, visible: boolean) => void;
};
type Props = {
  review: string;
  columns: Column[];
  view: View;
  groupBy: Column | null;
  sort: string | null;
  /** Lines of an answer for which a row has room. */
  lines: number;
  /** The row to begin at. */
  row: number | null;
  handle: Ref<GridHandle>;
  mayEdit: boolean;
  /** Checked answers by column, and the rows of each; undefined: not known yet. */
  checked: Record<string, number> | undefined;
  rows: number;
  onOpen: (cell: GridCell) => void;
  onFocus: (cell: GridCell) => void;
  onKey: (key: string, shift: boolean, cell: GridCell) => void;
  onOpenDocument: (document_id: string, row: number) => void;
  onMenu: Shared["openMenu"];
  onRetry: (row: WindowRow, column: Column) => void;
  onOrder: (column_ids: string[]) => void;
  onSort: (sort: string | null) => void;
  onChosen: (chosen: Chosen) => void;
  onTotal: (total: number) => void;
  /** `left`: rows of the range that have not been read, so they are not in the copy. */
  onCopied: (rows: number, left: number) => void;
  onError: (error: unknown) => void;
};

const cellOf = ({ document_id, document }: WindowRow, column_id: string, row: number): GridCell => ({
  document_id,
  column_id,
  document,
  row,
});

export function Grid(props: Props) {
  const { review, columns, view, groupBy } = props;
  const host = useRef<HTMLDivElement>(null);
  const grid = useRef<GridApi<GridRow>>(null);
  const rows = useRef<RowSource>(null);
  const selection = useRef<Selection>(null);
  const begin = useRef(props.row);
  /** The columns as they were, to show one that was added. */
  const known = useRef<Column[]>([]);
  /** Looks whether a row has been read; called when a window has arrived. */
  const waiting = useRef<() => void>(null);
  const heads = useRef<Shared["heads"]>(new Map());
  const latest = useEffectEvent(() => props);

  useEffect(() => {
    const isQuestion = (id: string) => latest().columns.some((column) => column.id === id);
    const choose = () => {
      const documents = grid.current!.getSelectedRows().flatMap((row) => (isGroup(row) ? [] : [row.document_id]));
      latest().onChosen({ documents, range: documents.length ? null : selected.size(latest().columns) });
    };
    const selected = (selection.current = new Selection(() => grid.current!, choose));
    const context: Shared = {
      heads: heads.current,
      checked: (column_id) => latest().checked?.[column_id],
      rows: () => latest().rows,
      retry: latest().mayEdit ? (row, column) => latest().onRetry(row, column) : null,
      openMenu: (column, header) => latest().onMenu(column, header),
      fold: (group) => {
        rows.current?.fold(group);
        grid.current?.purgeInfiniteCache();
      },
    };
    const save = () => saveLayout(latest().review, grid.current!.getColumnState());
    let seenFrom = 0;
    const options: GridOptions<GridRow> = {
      ...fixedOptions(),
      theme: themeOf(latest().lines),
      context,
      defaultColDef: {
        resizable: true,
        minWidth: 70,
        sortable: true,
        sortingOrder: ["asc", "desc", null],
        // They extend the range, or move on with the panel open.
        suppressKeyboardEvent: ({ event }) => (event.shiftKey || event.altKey) && stepOf(event.key) !== undefined,
        cellClassRules: {
          [styles.inRange!]: ({ rowIndex, column }) => selected.has({ row: rowIndex, column: column!.getColId() }),
        },
      },
      onViewportChanged: ({ firstRow, lastRow, api }) => {
        const down = firstRow >= seenFrom;
        seenFrom = firstRow;
        selected.show(firstRow, lastRow);
        // Asking for a row loads its window. This loads the next one, so that its rows are drawn once, with their
        // answers.
        api.getDisplayedRowAtIndex(within(down ? lastRow + BLOCK : firstRow - BLOCK, api.getDisplayedRowCount()));
      },
      onCellClicked: ({ data, column, rowIndex, event }) => {
        if (!data || isGroup(data) || rowIndex === null) return;
        const id = column.getColId();
        if ((event as MouseEvent).shiftKey && !selected.isEmpty()) return;
        if (id === NAME) latest().onOpenDocument(data.document_id, rowIndex);
        else if (isQuestion(id)) latest().onOpen(cellOf(data, id, rowIndex));
      },
      onCellFocused: ({ rowIndex, column, api }) => {
        if (rowIndex === null || !column || typeof column === "string") return;
        const id = column.getColId();
        selected.follow({ row: rowIndex, column: id });
        const data = api.getDisplayedRowAtIndex(rowIndex)?.data;
        if (data && !isGroup(data) && isQuestion(id)) latest().onFocus(cellOf(data, id, rowIndex));
      },
      onCellKeyDown: (pressed) => {
        if (!("column" in pressed)) return;
        const { data, column, rowIndex, event } = pressed;
        const { key, shiftKey, ctrlKey, metaKey } = event as KeyboardEvent;
        if (!data || isGroup(data) || rowIndex === null) return;
        const id = column.getColId();
        const step = stepOf(key);
        if (shiftKey && step) return selected.extend({ row: rowIndex, column: id }, step);
        if (step) selected.start(null);
        if ((ctrlKey || metaKey) && key === "c") return copy(selected, latest());
        if ((ctrlKey || metaKey) && key === "a") {
          event!.preventDefault(); // the browser would select the page's text
          return selected.all();
        }
        if (key === "Enter" && id === NAME) return latest().onOpenDocument(data.document_id, rowIndex);
        if (!ctrlKey && !metaKey && isQuestion(id)) latest().onKey(key, shiftKey, cellOf(data, id, rowIndex));
      },
      onColumnMoved: ({ finished, source }) => {
        if (finished && source === "uiColumnMoved") latest().onOrder(selected.order().filter(isQuestion));
        save();
      },
      onSortChanged: ({ api }) => {
        const sorted = api.getColumnState().find((column) => column.sort);
        if (!sorted && latest().sort === DOUBTFUL_FIRST) return;
        latest().onSort(sorted ? sortName(sorted.colId, sorted.sort) : null);
      },
      // The panel has opened: its cell stays in sight.
      onGridSizeChanged: ({ api }) => {
        const at = api.getFocusedCell();
        if (at) api.ensureColumnVisible(at.column);
      },
      onColumnResized: ({ finished }) => finished && save(),
      onColumnVisible: save,
      onColumnPinned: save,
      onSelectionChanged: choose,
    };
    grid.current = createGrid(host.current!, options);
    const gone = new AbortController();
    selectByMouse(host.current!, selected, isQuestion, gone.signal);
    return () => {
      gone.abort();
      grid.current!.destroy();
    };
  }, []);

  useEffect(() => {
    const { sort } = latest();
    const defs = columnDefs(columns, savedLayout(review), sort, host.current!.clientWidth);
    grid.current!.setGridOption("columnDefs", defs);
    const before = known.current;
    const last = columns.at(-1);
    if (last && before.length && !before.some(({ id }) => id === last.id)) grid.current!.ensureColumnVisible(last.id);
    known.current = columns;
  }, [columns, review]);

  useEffect(() => {
    grid.current!.setGridOption("theme", themeOf(props.lines));
  }, [props.lines]);

  const { checked } = props;
  useEffect(() => {
    for (const draw of heads.current.values()) draw();
  }, [checked, props.rows]);

  const doubtfulFirst = props.sort === DOUBTFUL_FIRST;
  useEffect(() => {
    if (doubtfulFirst) grid.current!.applyColumnState({ defaultState: { sort: null } });
  }, [doubtfulFirst]);

  // Another view, other rows.
  const viewed = JSON.stringify([view, groupBy?.id, doubtfulFirst]);
  useEffect(() => {
    const { view, groupBy, sort } = latest();
    const unsorted = sort === DOUBTFUL_FIRST ? sort : "position";
    const source = new RowSource({
      rows: (sort, offset, limit) => readRows(review, view, groupBy?.id ?? sort, offset, limit),
      groups: groupBy && (() => readGroups(review, view, groupBy.id)),
    });
    rows.current = source;
    waiting.current = null;
    selection.current!.forget();
    grid.current!.setGridOption("datasource", {
      getRows: async ({ startRow, endRow, sortModel, successCallback, failCallback }) => {
        const [sort] = sortModel;
        try {
          const read = await source.read(startRow, endRow, sort ? sortName(sort.colId, sort.sort) : unsorted);
          successCallback(read.rows, read.total);
          if (source === rows.current) latest().onTotal(read.matching);
          waiting.current?.();
          if (begin.current !== null && begin.current < read.total) {
            grid.current!.ensureIndexVisible(begin.current, "middle");
            grid.current!.setFocusedCell(begin.current, NAME);
          }
          begin.current = null;
        } catch (error) {
          failCallback();
          // A server that is away is announced above the grid, and these rows are read when it is back.
          if (error instanceof Problem) latest().onError(error);
        }
      },
    });
  }, [viewed, review]);

  useImperativeHandle(props.handle, () => ({
    apply: (cells) => {
      const touched = rows.current?.apply(cells);
      if (!touched?.size) return;
      const isTouched = (row: GridRow | undefined) => row && !isGroup(row) && touched.has(row.document_id);
      const rowNodes = grid.current!.getRenderedNodes().filter((node) => isTouched(node.data));
      if (rowNodes.length)
        grid.current!.refreshCells({
          rowNodes,
          columns: [...new Set(cells.map((cell) => cell.column_id))],
          force: true,
        });
    },
    refresh: () => grid.current!.refreshInfiniteCache(),
    move: ([rows, places]) => {
      const api = grid.current!;
      const at = api.getFocusedCell();
      if (!at) return;
      const all = api.getAllDisplayedColumns();
      const column = all[Math.max(2, within(all.indexOf(at.column) + places, all.length))]!;
      let row = within(at.rowIndex + rows, api.getDisplayedRowCount());
      if (isGroup(api.getDisplayedRowAtIndex(row)?.data))
        row = within(row + Math.sign(rows), api.getDisplayedRowCount());
      api.ensureIndexVisible(row);
      api.ensureColumnVisible(column);
      api.setFocusedCell(row, column);
    },
    next: async () => {
      const api = grid.current!;
      const shown = selection.current!.order().filter((id) => columns.some((column) => column.id === id));
      const isUnchecked = (row: WindowRow) => (id: string) => row.cells[id]?.checked === false;
      const at = api.getFocusedCell();
      let place = at?.rowIndex ?? 0;
      let begin = at ? shown.indexOf(at.column.getColId()) + 1 : 0;
      for (let row; (row = api.getDisplayedRowAtIndex(place)?.data); place++, begin = 0) {
        const column = isGroup(row) ? undefined : shown.slice(begin).find(isUnchecked(row));
        if (column) return goTo(api, place, column);
      }
      // Rows that have not been read, and then those from the top: checked rows may match the filters no longer, so that
      // the others have moved up.
      const source = rows.current!;
      const some = shown.length < columns.length ? shown : undefined;
      const sort = groupBy?.id ?? props.sort ?? "position";
      const from = await source.matchingFrom(place);
      const found =
        (await readNextUnchecked(review, view, sort, from, some)) ??
        (await readNextUnchecked(review, view, sort, 0, some));
      const column = shown.find((id) => found?.column_ids.includes(id));
      if (!found || !column) return null;
      const { row, unfolded } = await source.placeOf(found.row);
      if (unfolded) api.purgeInfiniteCache();
      await new Promise<void>((resolve) => {
        let isNew = unfolded;
        waiting.current = () => {
          if (row < api.getDisplayedRowCount()) api.ensureIndexVisible(row);
          const data = api.getDisplayedRowAtIndex(row)?.data;
          if (!data) return;
          if (isNew || (!isGroup(data) && data.document_id === found.document_id)) return resolve();
          isNew = true;
          api.purgeInfiniteCache();
        };
        waiting.current();
      });
      waiting.current = null;
      return goTo(api, row, column);
    },
    seen: ({ document_id, column_id }) => rows.current?.loaded.get(document_id)?.cells[column_id]?.updated_at ?? null,
    chosen: () => selection.current!.cells(columns),
    unchoose: () => {
      grid.current!.deselectAll();
      selection.current!.start(null);
    },
    focus: () => {
      const at = grid.current!.getFocusedCell();
      if (at) grid.current!.setFocusedCell(at.rowIndex, at.column);
    },
    copy: () => copy(selection.current!, props),
    visibleColumns: () => selection.current!.order().filter((id) => columns.some((column) => column.id === id)),
    setVisible: (column_id, visible) => grid.current!.setColumnsVisible([column_id], visible),
  }));

  return <div className={styles.grid} ref={host} style={{ "--lines": props.lines } as CSSProperties} />;
}

/** Moves the focus to a cell of a row that has been read. */
function goTo(api: GridApi<GridRow>, row: number, column_id: string): GridCell {
  api.ensureIndexVisible(row);
  api.ensureColumnVisible(column_id);
  api.setFocusedCell(row, column_id);
  return cellOf(api.getDisplayedRowAtIndex(row)!.data as WindowRow, column_id, row);
}

/** A sort in the server's form. */
const sortName = (column: string, direction: "asc" | "desc" | null | undefined) =>
  direction === "desc" ? `-${column}` : column;

function copy(selection: Selection, { review, columns, onCopied, onError }: Props): void {
  const { rows, left, table } = selection.copy(columns, async ({ document_id }, column_id) => {
    return (await readCell(review, { document_id, column_id })).summary ?? "";
  });
  if (rows) copyTable(table).then(() => onCopied(rows, left), onError);
  else onCopied(0, left);
}
