/** The source of the grid's rows: windows from the server, with the heads of groups between them. */
import type { CompactCell, WindowRow } from "../api/client";

export type Group = { group: string; label: string; count: number; folded: boolean };
export type GridRow = WindowRow | Group;
export const isGroup = (row: GridRow | undefined): row is Group => row !== undefined && "group" in row;
const NO_ANSWER = "No answer";

/** `total`: rows as the grid counts them, with heads of groups; `matching`: documents, including folded groups. */
type Window = { rows: GridRow[]; total: number; matching: number };
type Part = { head: Group; place: number; rows: number; offset: number };

/** Reads from the server. `groups`: null if the rows are not grouped; else rows come in the order of the groups. */
export type Reads = {
  rows: (sort: string, offset: number, limit: number) => Promise<{ rows: WindowRow[]; total: number }>;
  groups: (() => Promise<{ label: string | null; count: number }[]>) | null;
};

/** The rows of one view of a review. A new view is a new source. */
export class RowSource {
  readonly loaded = new Map<string, WindowRow>();
  private parts: Promise<Part[]> | null = null;
  /** Changes from the feed while windows were loading: the windows may have been read before them. */
  private readonly meanwhile: CompactCell[] = [];
  private reading = 0;
  readonly folded = new Set<string>();

  constructor(private readonly reads: Reads) {}

  /** Rows `start` to `end` as the grid counts them, and their total. */
  async read(start: number, end: number, sort: string): Promise<Window> {
    this.reading++;
    try {
      const found = await this.readWindow(start, end, sort);
      this.put(this.meanwhile);
      return found;
    } finally {
      if (!--this.reading) this.meanwhile.length = 0;
    }
  }

  private async readWindow(start: number, end: number, sort: string): Promise<Window> {
    if (!this.reads.groups) {
      const window = await this.reads.rows(sort, start, end - start);
      return { rows: window.rows.map((row) => this.keep(row)), total: window.total, matching: window.total };
    }
    const parts = await this.partsOf(this.reads.groups);
    const last = parts.at(-1);
    const rows: GridRow[] = [];
    for (const part of parts) {
      const first = part.place + 1;
      if (part.place >= start && part.place < end) rows.push(part.head);
      const from = Math.max(start, first) - first;
      const to = Math.min(end, first + part.rows) - first;
      if (to > from) {
        const window = await this.reads.rows(sort, part.offset + from, to - from);
        rows.push(...window.rows.map((row) => this.keep(row)));
      }
    }
    return {
      rows,
      total: last ? last.place + 1 + last.rows : 0,
      matching: parts.reduce((sum, part) => sum + part.head.count, 0),
    };
  }

  /** The number among the matching rows of the first one at or after a number of the grid, which counts heads of groups
   * and no folded rows. */
  async matchingFrom(row: number): Promise<number> {
    if (!this.reads.groups) return row;
    const parts = await this.partsOf(this.reads.groups);
    const part = parts.find(({ place, rows }) => row <= place + rows);
    if (!part) return parts.reduce((sum, { head }) => sum + head.count, 0);
    return part.offset + Math.max(0, row - part.place - 1);
  }

  /** The grid's number of a matching row; `unfolded`: its group had to be, for later reads. */
  async placeOf(row: number): Promise<{ row: number; unfolded: boolean }> {
    const parts = this.reads.groups ? await this.partsOf(this.reads.groups) : [];
    const part = parts.findLast(({ offset }) => offset <= row);
    if (!part) return { row, unfolded: false };
    if (part.head.folded) this.fold(part.head.group);
    return { row: part.place + 1 + row - part.offset, unfolded: part.head.folded };
  }

  /** Fold a group, or unfold it, for later reads. */
  fold(group: string): void {
    if (!this.folded.delete(group)) this.folded.add(group);
    this.parts = null;
  }

  /** Put changed cells into the loaded rows; returns the documents that show something new. */
  apply(cells: CompactCell[]): Set<string> {
    if (this.reading) this.meanwhile.push(...cells);
    return this.put(cells);
  }

  private put(cells: CompactCell[]): Set<string> {
    const touched = new Set<string>();
    for (const { document_id, column_id, awaited, ...cell } of cells) {
      const row = this.loaded.get(document_id);
      if (!row) continue;
      if (cell.status === "missing") delete row.cells[column_id];
      else row.cells[column_id] = cell;
      if (awaited !== undefined)
        row.awaited = row.awaited.filter((id) => id !== column_id).concat(awaited ? column_id : []);
      touched.add(document_id);
    }
    return touched;
  }

  private partsOf(read: NonNullable<Reads["groups"]>): Promise<Part[]> {
    return (this.parts ??= this.readGroups(read).catch((error: unknown) => {
      this.parts = null; // read it again
      throw error;
    }));
  }

  private async readGroups(read: NonNullable<Reads["groups"]>): Promise<Part[]> {
    const groups = await read();
    let place = 0;
    let offset = 0;
    return groups.map(({ label, count }, index) => {
      const group = label === null ? "none" : `${index}:${label}`;
      const folded = this.folded.has(group);
      const part = {
        head: { group, label: label ?? NO_ANSWER, count, folded },
        place,
        rows: folded ? 0 : count,
        offset,
      };
      place += 1 + part.rows;
      offset += count;
      return part;
    });
  }

  private keep(row: WindowRow): WindowRow {
    this.loaded.set(row.document_id, row);
    return row;
  }
}
