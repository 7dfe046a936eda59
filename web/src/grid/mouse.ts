/** A range that the mouse selects: by dragging from cell to cell, or by Shift and a click. */
import type { Place } from "./range";
import { NAME, type Selection } from "./selection";

/** The cell of an answer or a document at which an event happened. */
function placeOf({ target }: MouseEvent, isColumn: (id: string) => boolean): Place | null {
  const cell = target instanceof Element ? target.closest(".ag-cell") : null;
  const column = cell?.getAttribute("col-id");
  const row = cell?.closest(".ag-row")?.getAttribute("row-index");
  return row && column && (column === NAME || isColumn(column)) ? { row: Number(row), column } : null;
}

export function selectByMouse(
  host: HTMLElement,
  selection: Selection,
  isColumn: (id: string) => boolean,
  signal: AbortSignal,
): void {
  let drawing = false;
  // Before the grid handles it: the grid moves the focus, from which the range begins, even if Shift is held.
  const press = (event: MouseEvent) => {
    const place = event.button === 0 ? placeOf(event, isColumn) : null;
    drawing = place !== null;
    if (!place) return;
    if (!event.shiftKey || selection.isEmpty()) return selection.start(place);
    selection.start(place, true);
    event.preventDefault();
    event.stopPropagation();
  };
  const move = (event: MouseEvent) => {
    drawing &&= (event.buttons & 1) === 1;
    const place = drawing && placeOf(event, isColumn);
    if (place) selection.reach(place);
  };
  host.addEventListener("mousedown", press, { capture: true, signal });
  host.addEventListener("mousemove", move, { signal });
}
