/** The grid itself: AG Grid over windows of rows, with a range of cells that can be copied. */
import {
  CellApiModule,
  CellStyleModule,
  ColumnApiModule,
  createGrid,
  EventApiModule,
  InfiniteRowModelModule,
  ModuleRegistry,
  RenderApiModule,
  RowApiModule,
  RowSelectionModule,
  ScrollApiModule,
  themeQuartz,
  type ColDef,
  type GridApi,
  type GridOptions,
  type IDatasource,
} from "ag-grid-community";
import { useEffect, useImperativeHandle, useRef, type Ref } from "react";
import {
  getCell,
  Problem,
  type CellKey,
  type Column,
  type CompactCell,
  type Job,
  type Row,
  type View,
} from "../api/client";
import { AnswerCell, ColumnHeader, DocumentCell, GroupRow, type Shared } from "./cells";
import { isGroup, RowSource, type GridRow } from "./source";

ModuleRegistry.registerModules([
  CellApiModule,
  CellStyleModule,
  ColumnApiModule,
  EventApiModule,
  InfiniteRowModelModule,
  RenderApiModule,
  RowApiModule,
  RowSelectionModule,
  ScrollApiModule,
]);

const BLOCK = 50;
const NAME = "document";
/** Characters of an answer in a window of rows: a longer one is whole in its cell alone. */
const CUT = 300;
const NARROW = 210;
const WIDE = 420;
const theme = themeQuartz.withParams({
  accentColor: "var(--accent)",
  backgroundColor: "var(--surface)",
  foregroundColor: "var(--text)",
  borderColor: "var(--line)",
  headerBackgroundColor: "var(--raised)",
  headerTextColor: "var(--text)",
  fontFamily: "inherit",
  fontSize: 13,
  headerFontSize: 13,
  headerFontWeight: 600,
  rowHeight: 38,
  headerHeight: 38,
  cellHorizontalPadding: 10,
  wrapperBorder: false,
  wrapperBorderRadius: 0,
  columnBorder: true,
  rowHoverColor: "var(--hover)",
  selectedRowBackgroundColor: "var(--selected)",
});

/** A cell that somebody looks at; `document` is its row's name, `row` its place. */
export type Looked = CellKey & { document: string; row: number };

export type GridHandle = {
  apply: (cells: CompactCell[]) => void;
  refresh: () => void;
  move: (rows: number, columns: number) => void;
  focus: () => void;
  copy: () => void;
  visibleColumns: () => string[];
  setVisible: (column: string, visible: boolean) => void;
};
type Props = {
  review: string;
  columns: Column[];
  view: View;
  groupBy: Column | null;
  sort: string | null;
  /** Where to begin. */
  row: number | null;
  job: Job | null;
  ref: Ref<GridHandle>;
  mayEdit: boolean;
  onOpen: (at: Looked) => void;
  onFocus: (at: Looked) => void;
  onKey: (key: string, at: Looked) => void;
  onOpenDocument: (document_id: string, row: number) => void;
  onMenu: Shared["openMenu"];
  onRetry: (row: Row, column: Column) => void;
  onOrder: (columns: string[]) => void;
  onSort: (sort: string | null) => void;
  onSelection: (documents: string[]) => void;
  onTotal: (total: number) => void;
  onCopied: (rows: number) => void;
  onError: (error: unknown) => void;
};
const looked = ({ document_id, document }: Row, column_id: string, row: number): Looked => ({
  document_id,
  column_id,
  document,
  row,
});
type Spot = { row: number; column: string };
type Range = { from: Spot; to: Spot };
const same = (a: Spot, b: Spot) => a.row === b.row && a.column === b.column;

type Layout = { colId: string; width?: number; hide?: boolean; pinned?: "left" | "right" | boolean | null }[];
const keyOf = (review: string) => `columnist.layout.${review}`;
const layoutOf = (review: string): Layout => JSON.parse(localStorage.getItem(keyOf(review)) ?? "[]");
/** The columns that this person has hidden. */
export const hiddenIn = (review: string) => layoutOf(review).flatMap((one) => (one.hide ? [one.colId] : []));

export function Grid(props: Props) {
  const host = useRef<HTMLDivElement>(null);
  const api = useRef<GridApi<GridRow>>(null);
  const source = useRef<RowSource>(null);
  const latest = useRef(props);
  latest.current = props;
  const shared = useRef<Shared>({
    job: props.job,
    retry: props.mayEdit ? (row, column) => latest.current.onRetry(row, column) : null,
    openMenu: (column, header) => latest.current.onMenu(column, header),
    fold: (group) => {
      source.current?.fold(group);
      api.current?.purgeInfiniteCache();
    },
  });
  const range = useRef<Range>(null);
  const begin = useRef(props.row);

  useEffect(() => {
    let seenFrom = 0;
    const displayed = () => api.current!.getAllDisplayedColumns().map((column) => column.getColId());
    const inRange = (row: number, column: string) => {
      const chosen = range.current;
      if (!chosen) return false;
      const all = displayed();
      const [a, b, at] = [all.indexOf(chosen.from.column), all.indexOf(chosen.to.column), all.indexOf(column)];
      return (
        row >= Math.min(chosen.from.row, chosen.to.row) &&
        row <= Math.max(chosen.from.row, chosen.to.row) &&
        at >= Math.min(a, b) &&
        at <= Math.max(a, b)
      );
    };
    const options: GridOptions<GridRow> = {
      theme,
      styleNonce: document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")!.content,
      context: shared.current,
      rowModelType: "infinite",
      cacheBlockSize: BLOCK,
      maxBlocksInCache: 40,
      infiniteInitialRowCount: 1,
      blockLoadDebounceMillis: 60,
      rowBuffer: 4,
      suppressCellFocus: false,
      animateRows: false,
      suppressColumnVirtualisation: false,
      suppressDragLeaveHidesColumns: true,
      suppressMultiSort: true,
      suppressOverlays: ["noRows"],
      ensureDomOrder: true,
      rowSelection: {
        mode: "multiRow",
        checkboxes: true,
        headerCheckbox: false,
        enableClickSelection: false,
        isRowSelectable: (node) => !isGroup(node.data),
      },
      selectionColumnDef: { pinned: "left", width: 44, resizable: false, suppressHeaderMenuButton: true },
      getRowId: ({ data }) => (isGroup(data) ? `group ${data.group}` : data.document_id),
      isFullWidthRow: ({ rowNode }) => isGroup(rowNode.data),
      fullWidthCellRenderer: GroupRow,
      defaultColDef: {
        resizable: true,
        minWidth: 70,
        sortable: true,
        sortingOrder: ["asc", "desc", null],
        // They extend the range, or go on with the panel open.
        suppressKeyboardEvent: ({ event }) => (event.shiftKey || event.altKey) && event.key.startsWith("Arrow"),
        cellClassRules: { "in-range": ({ rowIndex, column }) => inRange(rowIndex, column!.getColId()) },
      },
      columnDefs: [],
      onViewportChanged: ({ firstRow, lastRow }) => {
        const down = firstRow >= seenFrom;
        seenFrom = firstRow;
        // To ask for a row loads its window: that of the rows to come, so that they are drawn once, with their answers.
        const ahead = down ? lastRow + BLOCK : firstRow - BLOCK;
        api.current?.getDisplayedRowAtIndex(Math.max(0, Math.min(ahead, api.current.getDisplayedRowCount() - 1)));
      },
      onCellClicked: ({ data, column, rowIndex, event }) => {
        if (!data || isGroup(data) || rowIndex === null) return;
        const id = column.getColId();
        if ((event as MouseEvent).shiftKey && range.current) return;
        if (id === NAME) latest.current.onOpenDocument(data.document_id, rowIndex);
        else if (latest.current.columns.some((one) => one.id === id)) latest.current.onOpen(looked(data, id, rowIndex));
      },
      onCellMouseDown: ({ rowIndex, column, event }) => {
        if (rowIndex === null) return;
        const spot = { row: rowIndex, column: column.getColId() };
        const extended = (event as MouseEvent).shiftKey && range.current;
        choose({ from: extended ? range.current!.from : spot, to: spot });
      },
      onCellFocused: ({ rowIndex, column }) => {
        if (rowIndex === null || !column || typeof column === "string") return;
        const spot = { row: rowIndex, column: column.getColId() };
        // The grid tells late, perhaps after the range was begun or extended from here.
        if (!range.current || !(same(range.current.from, spot) || same(range.current.to, spot)))
          choose({ from: spot, to: spot });
        const data = api.current!.getDisplayedRowAtIndex(rowIndex)?.data;
        if (data && !isGroup(data) && latest.current.columns.some((one) => one.id === spot.column))
          latest.current.onFocus(looked(data, spot.column, rowIndex));
      },
      onCellKeyDown: (pressed) => {
        if (!("column" in pressed)) return;
        const { data, column, rowIndex, event } = pressed;
        const { key, shiftKey, ctrlKey, metaKey } = event as KeyboardEvent;
        if (!data || isGroup(data) || rowIndex === null) return;
        const id = column.getColId();
        const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
        if (shiftKey && step) return extend({ row: rowIndex, column: id }, step[0]!, step[1]!);
        if (step) choose(null);
        if ((ctrlKey || metaKey) && key === "c") return copy();
        if (key === "Enter" && id === NAME) return latest.current.onOpenDocument(data.document_id, rowIndex);
        if (!ctrlKey && !metaKey && latest.current.columns.some((one) => one.id === id))
          latest.current.onKey(key, looked(data, id, rowIndex));
      },
      onColumnMoved: ({ finished, source: cause }) => {
        if (finished && cause === "uiColumnMoved")
          latest.current.onOrder(displayed().filter((id) => latest.current.columns.some((one) => one.id === id)));
        save();
      },
      onSortChanged: () => {
        const sorted = api.current!.getColumnState().find((one) => one.sort);
        latest.current.onSort(sorted ? (sorted.sort === "desc" ? "-" : "") + sorted.colId : null);
      },
      // The panel has opened: the cell that it is about stays in sight.
      onGridSizeChanged: () => {
        const at = api.current?.getFocusedCell();
        if (at) api.current!.ensureColumnVisible(at.column);
      },
      onColumnResized: ({ finished }) => finished && save(),
      onColumnVisible: () => save(),
      onColumnPinned: () => save(),
      onSelectionChanged: () =>
        latest.current.onSelection(
          api
            .current!.getSelectedRows()
            .filter((row): row is Row => !isGroup(row))
            .map((row) => row.document_id),
        ),
    };
    const save = () => {
      const layout = api
        .current!.getColumnState()
        .map(({ colId, width, hide, pinned }) => ({ colId, width, hide, pinned }));
      localStorage.setItem(keyOf(props.review), JSON.stringify(layout));
    };
    api.current = createGrid(host.current!, options);
    return () => api.current!.destroy();
  }, []);

  /** Choose a range, or none; what it covers is drawn anew. */
  const choose = (next: Range | null) => {
    const many = [range.current, next].some((one) => one && !same(one.from, one.to));
    range.current = next;
    if (many) api.current!.refreshCells({ force: true });
  };

  const extend = (focused: Spot, rows: number, columns: number) => {
    const all = api.current!.getAllDisplayedColumns().map((column) => column.getColId());
    const { from, to } =
      range.current && same(range.current.from, focused) ? range.current : { from: focused, to: focused };
    const column = all[Math.max(0, Math.min(all.length - 1, all.indexOf(to.column) + columns))]!;
    const row = Math.max(0, Math.min(api.current!.getDisplayedRowCount() - 1, to.row + rows));
    choose({ from, to: { row, column } });
    api.current!.ensureIndexVisible(row);
  };

  const copy = () => {
    const grid = api.current!;
    const names = new Map(latest.current.columns.map((one) => [one.id, one.name]));
    const all = grid
      .getAllDisplayedColumns()
      .map((column) => column.getColId())
      .filter((id) => id === NAME || names.has(id));
    const chosen = grid.getSelectedRows();
    let rows: GridRow[];
    let columns: string[];
    if (chosen.length) [rows, columns] = [chosen, all];
    else {
      const { from, to } = range.current ?? { from: { row: 0, column: "" }, to: { row: -1, column: "" } };
      const [top, bottom] = [Math.min(from.row, to.row), Math.max(from.row, to.row)];
      rows = Array.from({ length: bottom - top + 1 }, (_, nr) => grid.getDisplayedRowAtIndex(top + nr)?.data).filter(
        (row) => row !== undefined,
      );
      const [a, b] = [all.indexOf(from.column), all.indexOf(to.column)];
      columns = all.slice(Math.min(a, b), Math.max(a, b) + 1);
    }
    const text = async (row: Row, column_id: string) => {
      if (column_id === NAME) return row.document;
      const summary = row.cells[column_id]?.summary ?? "";
      if (summary.length < CUT) return summary;
      return (await getCell(latest.current.review, { document_id: row.document_id, column_id })).summary ?? "";
    };
    const copied = rows.filter((row): row is Row => !isGroup(row));
    if (!copied.length) return latest.current.onCopied(0);
    const table = Promise.all(copied.map((row) => Promise.all(columns.map((id) => text(row, id))))).then((lines) =>
      lines.length > 1 || columns.length > 1 ? [columns.map((id) => names.get(id) ?? "Document"), ...lines] : lines,
    );
    const plain = (lines: string[][]) =>
      lines.map((line) => line.map((one) => one.replace(/[\t\r\n]+/g, " ")).join("\t")).join("\n");
    const html = (lines: string[][]) => {
      const drawn = document.createElement("table");
      for (const line of lines) {
        const row = drawn.insertRow();
        for (const one of line) row.insertCell().textContent = one;
      }
      return drawn.outerHTML;
    };
    const item = new ClipboardItem({
      "text/plain": table.then((lines) => new Blob([plain(lines)], { type: "text/plain" })),
      "text/html": table.then((lines) => new Blob([html(lines)], { type: "text/html" })),
    });
    navigator.clipboard.write([item]).then(() => latest.current.onCopied(copied.length), latest.current.onError);
  };

  // The columns, as they are asked for and as this person has laid them out.
  useEffect(() => {
    const saved = layoutOf(props.review);
    const layout = new Map(saved.map((one) => [one.colId, one]));
    const { sort } = latest.current;
    const sortOf = (id: string) => (sort === id ? "asc" : sort === `-${id}` ? "desc" : null);
    // Few questions have the room that there is.
    const free = props.columns.filter((one) => !layout.has(one.id)).length;
    const taken = saved.reduce((sum, one) => sum + (one.hide ? 0 : (one.width ?? 0)), 0) || 320;
    const width = Math.max(NARROW, Math.min(WIDE, Math.floor((host.current!.clientWidth - taken) / free)));
    const answers = props.columns.map((column): ColDef<GridRow> => {
      const kept = layout.get(column.id);
      return {
        colId: column.id,
        headerName: column.name,
        cellRenderer: AnswerCell,
        cellRendererParams: { column_: column },
        headerComponent: ColumnHeader,
        headerComponentParams: { column_: column },
        width: kept?.width ?? width,
        hide: kept?.hide ?? false,
        pinned: kept?.pinned ?? null,
        sort: sortOf(column.id),
        valueGetter: ({ data }) => (data && !isGroup(data) ? data.cells[column.id]?.summary : undefined),
      };
    });
    const name: ColDef<GridRow> = {
      colId: NAME,
      headerName: "Document",
      pinned: "left",
      lockPosition: "left",
      width: layout.get(NAME)?.width ?? 260,
      sort: sortOf(NAME),
      cellRenderer: DocumentCell,
      valueGetter: ({ data }) => (data && !isGroup(data) ? data.document : undefined),
    };
    api.current!.setGridOption("columnDefs", [name, ...answers]);
  }, [props.columns]);

  // Another view, other rows.
  const viewed = JSON.stringify([props.view, props.groupBy?.id]);
  useEffect(() => {
    const rows = new RowSource(props.review, props.view, props.groupBy);
    source.current = rows;
    const datasource: IDatasource = {
      getRows: async ({ startRow, endRow, sortModel, successCallback, failCallback }) => {
        const sort = sortModel[0];
        try {
          const {
            rows: read,
            total,
            matching,
          } = await rows.read(startRow, endRow, sort ? (sort.sort === "desc" ? "-" : "") + sort.colId : "position");
          successCallback(read, total);
          if (rows === source.current) latest.current.onTotal(matching);
          if (begin.current !== null && begin.current < total) {
            api.current!.ensureIndexVisible(begin.current, "middle");
            api.current!.setFocusedCell(begin.current, NAME);
          }
          begin.current = null;
        } catch (error) {
          failCallback();
          // That the server is away is said above the grid, and these rows are read when it is back.
          if (error instanceof Problem) latest.current.onError(error);
        }
      },
    };
    range.current = null;
    api.current!.setGridOption("datasource", datasource);
  }, [viewed, props.review]);

  const jobState = props.job && `${props.job.id} ${props.job.status}`;
  useEffect(() => {
    shared.current.job = props.job;
    api.current!.refreshCells({ force: true });
  }, [jobState]);
  shared.current.job = props.job;

  useImperativeHandle(props.ref, () => ({
    apply: (cells) => {
      const touched = source.current?.apply(cells);
      if (!touched?.size) return;
      const rowNodes = api
        .current!.getRenderedNodes()
        .filter((node) => node.data && !isGroup(node.data) && touched.has(node.data.document_id));
      if (rowNodes.length)
        api.current!.refreshCells({
          rowNodes,
          columns: [...new Set(cells.map((cell) => cell.column_id))],
          force: true,
        });
    },
    refresh: () => api.current!.refreshInfiniteCache(),
    move: (rows, columns) => {
      const grid = api.current!;
      const at = grid.getFocusedCell();
      if (!at) return;
      const all = grid.getAllDisplayedColumns();
      const column = all[Math.max(2, Math.min(all.length - 1, all.indexOf(at.column) + columns))]!;
      let row = Math.max(0, Math.min(grid.getDisplayedRowCount() - 1, at.rowIndex + rows));
      if (isGroup(grid.getDisplayedRowAtIndex(row)?.data))
        row = Math.max(0, Math.min(grid.getDisplayedRowCount() - 1, row + Math.sign(rows)));
      grid.ensureIndexVisible(row);
      grid.ensureColumnVisible(column);
      grid.setFocusedCell(row, column);
    },
    focus: () => {
      const at = api.current!.getFocusedCell();
      if (at) api.current!.setFocusedCell(at.rowIndex, at.column);
    },
    copy,
    visibleColumns: () =>
      api
        .current!.getAllDisplayedColumns()
        .map((column) => column.getColId())
        .filter((id) => props.columns.some((one) => one.id === id)),
    setVisible: (column, visible) => api.current!.setColumnsVisible([column], visible),
  }));

  return <div className="grid" ref={host} />;
}
