/** A rectangle of cells between two corners. `order`: the ids of the columns as the grid shows them. */
import type { Step } from "../ui/step";

export type Place = { row: number; column: string };
export type Range = { from: Place; to: Place };
export const isSame = (a: Place, b: Place) => a.row === b.row && a.column === b.column;
export const within = (at: number, count: number) => Math.max(0, Math.min(count - 1, at));

/** The rows and columns of a range, both ends included. */
export function extent({ from, to }: Range, order: string[]): { top: number; bottom: number; columns: string[] } {
  const [a, b] = [order.indexOf(from.column), order.indexOf(to.column)];
  return {
    top: Math.min(from.row, to.row),
    bottom: Math.max(from.row, to.row),
    columns: order.slice(Math.max(0, Math.min(a, b)), Math.max(a, b) + 1),
  };
}

export function covers(range: Range, order: string[], { row, column }: Place): boolean {
  const { top, bottom, columns } = extent(range, order);
  return row >= top && row <= bottom && columns.includes(column);
}

/** Shift + arrow: the range moves its far corner; a range that does not begin at the focused cell starts again there.
 * */
export function extended(
  range: Range | null,
  focused: Place,
  [rows, columns]: Step,
  order: string[],
  rowCount: number,
): Range {
  const { from, to } = range && isSame(range.from, focused) ? range : { from: focused, to: focused };
  const column = order[within(order.indexOf(to.column) + columns, order.length)]!;
  return { from, to: { row: within(to.row + rows, rowCount), column } };
}
