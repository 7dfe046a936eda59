/** The range of cells that a person selects in a grid, and its copy. */
import type { GridApi } from "ag-grid-community";
import type { Column, SeenCell, WindowRow } from "../api/client";
import type { Step } from "../ui/step";
import { withHeads } from "./clipboard";
import { covers, extended, extent, isSame, type Place, type Range } from "./range";
import { isGroup, type GridRow } from "./rows";

export const NAME = "document";

/** Characters of an answer in a window of rows: a longer one is complete only in its own cell. */
const CUT = 300;

export class Selection {
  private range: Range | null = null;
  /** The numbers of the rows that were on the screen. */
  private readonly seen = new Set<number>();

  /** `onChange`: the range is another one. */
  constructor(
    private readonly grid: () => GridApi<GridRow>,
    private readonly onChange: () => void = () => {},
  ) {}

  /** These rows are on the screen. */
  show(first: number, last: number): void {
    for (let row = first; row <= last; row++) this.seen.add(row);
  }

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
    this.seen.clear();
    this.onChange();
  }

  /** Whether it has more than the focused cell. */
  private isWide(): boolean {
    return this.range !== null && !isSame(this.range.from, this.range.to);
  }

  /** The size of a range of several answers. */
  size(columns: Column[]): { rows: number; questions: number } | null {
    if (!this.range || !this.isWide()) return null;
    const { top, bottom, columns: ids } = extent(this.range, this.order());
    const questions = ids.filter((id) => columns.some((column) => column.id === id)).length;
    return questions ? { rows: bottom - top + 1, questions } : null;
  }

  /** The written cells of the ticked rows, or else of the range, as the grid shows them: only of rows that were on the
   * screen. `left`: the other rows of the range. */
  cells(columns: Column[]): { cells: SeenCell[]; left: number } {
    const questions = new Set(columns.map(({ id }) => id));
    const { ids, rows, left } = this.chosen(questions, (row) => this.seen.has(row));
    const cells = rows.flatMap(({ document_id, cells }) =>
      ids
        .filter((id) => cells[id])
        .map((column_id) => ({ document_id, column_id, updated_at: cells[column_id]!.updated_at ?? null })),
    );
    return { cells, left };
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
    const { ids, rows, left } = this.chosen(names, () => true);
    const text = async (row: WindowRow, id: string) => {
      if (id === NAME) return row.document;
      const summary = row.cells[id]?.summary ?? "";
      return summary.length < CUT ? summary : readWhole(row, id);
    };
    const lines = Promise.all(rows.map((row) => Promise.all(ids.map((id) => text(row, id)))));
    const heads = ids.map((id) => names.get(id)!);
    return { rows: rows.length, left, table: lines.then((all) => withHeads(heads, all)) };
  }

  /** The ticked rows with all of these columns, or else the range, without what `isRow` refuses by its number. `left`:
   * rows of the range that are refused, or that have not been read. */
  private chosen(columns: { has: (id: string) => boolean }, isRow: (row: number) => boolean) {
    const order = this.order().filter((id) => columns.has(id));
    const ticked = this.grid().getSelectedRows();
    const whole = this.range && extent(this.range, this.order());
    const inRange = ticked.length || !whole ? [] : this.rowsOf(whole, isRow);
    return {
      ids: ticked.length ? order : (whole?.columns.filter((id) => columns.has(id)) ?? []),
      rows: (ticked.length ? ticked : inRange).filter((row): row is WindowRow => !isGroup(row)),
      left: ticked.length || !whole ? 0 : whole.bottom - whole.top + 1 - inRange.length,
    };
  }

  private rowsOf({ top, bottom }: { top: number; bottom: number }, isRow: (row: number) => boolean): GridRow[] {
    const places = Array.from({ length: bottom - top + 1 }, (_, at) => top + at).filter(isRow);
    return places.map((row) => this.grid().getDisplayedRowAtIndex(row)?.data).filter((row) => row !== undefined);
  }

  /** Redraws the cells of a range; a single cell has the grid's focus, which is enough. */
  private set(next: Range | null): void {
    const was = this.isWide();
    this.range = next;
    if (!was && !this.isWide()) return;
    this.grid().refreshCells({ force: true });
    this.onChange();
  }
}
