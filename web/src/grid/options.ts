/** The fixed options of the grid: AG Grid's modules, its theme and its behaviour; and its columns. */
import {
  CellApiModule,
  CellStyleModule,
  ColumnApiModule,
  EventApiModule,
  InfiniteRowModelModule,
  ModuleRegistry,
  RenderApiModule,
  RowApiModule,
  RowSelectionModule,
  ScrollApiModule,
  themeQuartz,
  type ColDef,
  type GridOptions,
} from "ag-grid-community";
import type { Column } from "../api/client";
import { fromServer } from "../api/server";
import { AnswerCell, ColumnHeader, DocumentCell, GroupRow } from "./cells";
import type { ColumnLayout } from "./layout";
import { isGroup, type GridRow } from "./rows";
import { NAME } from "./selection";
import { heading } from "../ui/words";

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

/** Rows in a window. */
export const BLOCK = 50;
const NARROW = 210;
const WIDE = 420;
const USUAL_FIXED_WIDTH = 320;

const LINE = 16.25;
const AROUND_LINES = 5.5;

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
  headerHeight: 38,
  cellHorizontalPadding: 10,
  wrapperBorder: false,
  wrapperBorderRadius: 0,
  columnBorder: true,
  rowHoverColor: "var(--hover)",
  selectedRowBackgroundColor: "var(--selected)",
});

/** The theme with rows for this many lines of an answer. */
export const themeOf = (lines: number) => theme.withParams({ rowHeight: Math.round(lines * LINE + AROUND_LINES) });

export const fixedOptions = (): GridOptions<GridRow> => ({
  styleNonce: fromServer("csp-nonce"),
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
  columnDefs: [],
});

/** The document's name, and the questions in this person's layout. `width`: of the grid, in pixels. */
export function columnDefs(
  columns: Column[],
  layout: ColumnLayout[],
  sort: string | null,
  width: number,
): ColDef<GridRow>[] {
  const saved = new Map(layout.map((one) => [one.colId, one]));
  const sortOf = (id: string) => (sort === id ? "asc" : sort === `-${id}` ? "desc" : null);
  // Few questions share all the room.
  const free = columns.filter(({ id }) => !saved.has(id)).length;
  const taken = layout.reduce((sum, one) => sum + (one.hide ? 0 : (one.width ?? 0)), 0) || USUAL_FIXED_WIDTH;
  const usual = Math.max(NARROW, Math.min(WIDE, Math.floor((width - taken) / free)));
  const answers = columns.map((column): ColDef<GridRow> => {
    const kept = saved.get(column.id);
    return {
      colId: column.id,
      headerName: heading(column),
      cellRenderer: AnswerCell,
      cellRendererParams: { column_: column },
      headerComponent: ColumnHeader,
      headerComponentParams: { column_: column },
      width: kept?.width ?? usual,
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
    width: Math.min(saved.get(NAME)?.width ?? 260, Math.max(110, Math.round(0.4 * width))), // it is pinned
    sort: sortOf(NAME),
    cellRenderer: DocumentCell,
    valueGetter: ({ data }) => (data && !isGroup(data) ? data.document : undefined),
  };
  return [name, ...answers];
}
