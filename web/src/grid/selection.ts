/** The range of cells that a person selects in a grid, and its copy. */
import type { GridApi } from "ag-grid-community";
import type { Column, WindowRow } from "../api/client";
import type { Step } from "../ui/step";
import { withHeads } from "./clipboard";
import { covers, extended, extent, isSame, type Place, type Range } from "./range";
import { isGroup, type GridRow } from "./rows";

export const NAME = "document";

/** Characters of an answer in a window of rows: a longer one is complete only in its own cell. */
const CUT = 300;

export class Selection {
  private range: Range | null = null;

  constructor(private readonly grid: () => GridApi<GridRow>) {}

  /** The ids of the columns in the shown order. */
  order(): string[] {
    return this.grid()
      .getAllDisplayedColumns()
      .map((column) => column.getColId());
  }

  has(place: Place): boolean {
    return this.range !== null && covers(this.range, this.order(), place);
  }

  isEmpty(): boolean {
    return this.range === null;
  }

  /** Forgets the range without drawing, because the rows are about to change. */
  forget(): void {
    this.range = null;
  }

  /** Begins at a cell, or nowhere; `extends`: up to that cell. */
  start(place: Place | null, extend = false): void {
    this.set(place && { from: (extend && this.range?.from) || place, to: place });
  }

  /** The grid reports the focus late, perhaps after the range was begun or extended from there. */
  follow(place: Place): void {
    if (!this.range || !(isSame(this.range.from, place) || isSame(this.range.to, place))) this.start(place);
  }

  /** The mouse has reached a cell: draws the range up to it. */
  reach(place: Place): void {
    if (!this.range || isSame(this.range.to, place)) return;
    this.start(place, true);
    this.grid().ensureIndexVisible(place.row);
    this.grid().ensureColumnVisible(place.column);
  }

  /** Every row and column. */
  all(): void {
    const last = this.grid().getDisplayedRowCount() - 1;
    const order = this.order().slice(this.order().indexOf(NAME));
    if (last >= 0) this.set({ from: { row: 0, column: NAME }, to: { row: last, column: order.at(-1)! } });
  }

  extend(focused: Place, step: Step): void {
    const grid = this.grid();
    this.set(extended(this.range, focused, step, this.order(), grid.getDisplayedRowCount()));
    grid.ensureIndexVisible(this.range!.to.row);
  }

  /** The lines of a copy, and how many rows it has: of the ticked rows, or else of the range. `left`: rows of the range
   * that have not been read. */
  copy(columns: Column[], readWhole: (row: WindowRow, column_id: string) => Promise<string>) {
    const names = new Map([[NAME, "Document"], ...columns.map(({ id, name }) => [id, name] as const)]);
    const order = this.order().filter((id) => names.has(id));
    const ticked = this.grid().getSelectedRows();
    const chosen = this.range && extent(this.range, order);
    const ids = ticked.length ? order : (chosen?.columns ?? []);
    const rows = (ticked.length ? ticked : this.rowsOf(chosen)).filter((row): row is WindowRow => !isGroup(row));
    const text = async (row: WindowRow, id: string) => {
      if (id === NAME) return row.document;
      const summary = row.cells[id]?.summary ?? "";
      return summary.length < CUT ? summary : readWhole(row, id);
    };
    const lines = Promise.all(rows.map((row) => Promise.all(ids.map((id) => text(row, id)))));
    const heads = ids.map((id) => names.get(id)!);
    const left = ticked.length || !chosen ? 0 : chosen.bottom - chosen.top + 1 - this.rowsOf(chosen).length;
    return { rows: rows.length, left, table: lines.then((all) => withHeads(heads, all)) };
  }

  private rowsOf(chosen: { top: number; bottom: number } | null): GridRow[] {
    if (!chosen) return [];
    return Array.from({ length: chosen.bottom - chosen.top + 1 }, (_, at) => this.rowAt(chosen.top + at)).filter(
      (row) => row !== undefined,
    );
  }

  private rowAt(index: number): GridRow | undefined {
    return this.grid().getDisplayedRowAtIndex(index)?.data;
  }

  /** Redraws the cells of a range; a single cell has the grid's focus, which is enough. */
  private set(next: Range | null): void {
    const wide = [this.range, next].some((range) => range && !isSame(range.from, range.to));
    this.range = next;
    if (wide) this.grid().refreshCells({ force: true });
  }
}
