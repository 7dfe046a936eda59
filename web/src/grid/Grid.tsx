/** The grid itself: AG Grid over windows of rows. */
import { createGrid, type GridApi, type GridOptions } from "ag-grid-community";
import { useEffect, useEffectEvent, useImperativeHandle, useRef, type CSSProperties, type Ref } from "react";
import {
  Problem,
  type CellKey,
  type Column,
  type CompactCell,
  type View,
  type WindowCell,
  type WindowRow,
} from "../api/client";
import { readCell, readGroups, readRows } from "../api/queries";
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

export type GridHandle = {
  apply: (cells: CompactCell[]) => void;
  refresh: () => void;
  move: (step: Step) => void;
  /** Goes to the next unchecked answer; false if none is left. */
  next: () => boolean;
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
  onOpen: (cell: GridCell) => void;
  onFocus: (cell: GridCell) => void;
  onKey: (key: string, cell: GridCell) => void;
  onOpenDocument: (document_id: string, row: number) => void;
  onMenu: Shared["openMenu"];
  onRetry: (row: WindowRow, column: Column) => void;
  onOrder: (column_ids: string[]) => void;
  onSort: (sort: string | null) => void;
  onSelection: (document_ids: string[]) => void;
  onTotal: (total: number) => void;
  /** `left`: rows of the range that have not been read, so they are not in the copy. */
  onCopied: (rows: number, left: number) => void;
  onError: (error: unknown) => void;
};

const isUnchecked = (cell: WindowCell | undefined) => cell?.status === "done" && !cell.edited && !cell.verified_by;

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
  const latest = useEffectEvent(() => props);

  useEffect(() => {
    const isQuestion = (id: string) => latest().columns.some((column) => column.id === id);
    const selected = (selection.current = new Selection(() => grid.current!));
    const context: Shared = {
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
        if (!ctrlKey && !metaKey && isQuestion(id)) latest().onKey(key, cellOf(data, id, rowIndex));
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
      onSelectionChanged: ({ api }) =>
        latest().onSelection(api.getSelectedRows().flatMap((row) => (isGroup(row) ? [] : [row.document_id]))),
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
    selection.current!.forget();
    grid.current!.setGridOption("datasource", {
      getRows: async ({ startRow, endRow, sortModel, successCallback, failCallback }) => {
        const [sort] = sortModel;
        try {
          const read = await source.read(startRow, endRow, sort ? sortName(sort.colId, sort.sort) : unsorted);
          successCallback(read.rows, read.total);
          if (source === rows.current) latest().onTotal(read.matching);
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
    next: () => {
      const api = grid.current!;
      const at = api.getFocusedCell();
      const shown = api.getAllDisplayedColumns().filter((column) => columns.some(({ id }) => id === column.getColId()));
      let begin = at ? shown.indexOf(at.column as (typeof shown)[number]) + 1 : 0;
      for (let row = at?.rowIndex ?? 0; row < api.getDisplayedRowCount(); row++, begin = 0) {
        const data = api.getDisplayedRowAtIndex(row)?.data;
        if (data && isGroup(data)) continue;
        // A row that has not been read yet can still have the focus.
        const column = data ? shown.slice(begin).find((one) => isUnchecked(data.cells[one.getColId()])) : shown[0];
        if (!column) continue;
        api.ensureIndexVisible(row);
        api.ensureColumnVisible(column);
        api.setFocusedCell(row, column);
        return true;
      }
      return false;
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
