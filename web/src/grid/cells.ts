/** How the grid draws: plain DOM, because the screen has hundreds of cells. Text goes in as text, never as markup. */
import type { ICellRendererComp, ICellRendererParams, IHeaderComp, IHeaderParams } from "ag-grid-community";
import type { Column, WindowCell, WindowRow } from "../api/client";
import { FORMATS, figure, heading, when } from "../ui/words";
import { appearance } from "./appearance";
import styles from "./cells.module.css";
import { isGroup, type Group, type GridRow } from "./rows";

/** The values that the grid's parts share with the page around it. */
export type Shared = {
  /** Null: this person has no right to do it. */
  retry: ((row: WindowRow, column: Column) => void) | null;
  openMenu: (column: Column, header: HTMLElement) => void;
  fold: (group: string) => void;
  /** How many answers of a column a person has checked; of how many rows. */
  checked: (column_id: string) => number | undefined;
  rows: () => number;
  /** The columns' heads on the screen: draws the progress of each anew. */
  heads: Map<string, () => void>;
};

/** Words are keys of cells.module.css, or classes of every file. */
const classOf = (words: string) =>
  words
    .split(" ")
    .map((word) => styles[word] ?? word)
    .join(" ");

const node = (tag: string, words: string, text = "") => {
  const element = document.createElement(tag);
  element.className = classOf(words);
  element.textContent = text;
  return element;
};

export class AnswerCell implements ICellRendererComp<GridRow> {
  private readonly root = node("div", "answer");
  private params!: ICellRendererParams<GridRow, WindowCell, Shared> & { column_: Column };

  init(params: ICellRendererParams<GridRow>): void {
    this.params = params as typeof this.params;
    this.root.addEventListener("click", (event) => {
      const { data, context, column_ } = this.params;
      if ((event.target as HTMLElement).dataset.retry && data && !isGroup(data)) {
        event.stopPropagation();
        context.retry?.(data, column_);
      }
    });
    this.draw();
  }

  getGui(): HTMLElement {
    return this.root;
  }

  refresh(params: ICellRendererParams<GridRow>): boolean {
    this.params = params as typeof this.params;
    this.draw();
    return true;
  }

  // One element and its text; CSS draws the flag and the marks. Hundreds of these come and go in a second of scrolling.
  private draw(): void {
    const { data: row, column_, context } = this.params;
    if (!row || isGroup(row)) return this.show([], "", "", []);
    const cell = row.cells[column_.id];
    const look = appearance(cell, column_.format, row.awaited.includes(column_.id), column_.unit);
    if (look) return this.show(look.classes, look.text, look.marks, look.meanings);
    const error = cell?.error ?? "Failed";
    this.show([], "", "", [error]);
    this.params.eGridCell.removeAttribute("aria-label"); // its words are the cell's own
    this.root.append(node("span", "failed", error));
    if (!context.retry) return;
    const retry = node("button", "retry", "↻ Retry");
    retry.dataset.retry = "1";
    retry.tabIndex = -1;
    this.root.append(retry);
  }

  private show(classes: string[], text: string, marks: string, meanings: string[]): void {
    const { root } = this;
    root.className = ["answer", ...classes].map((name) => styles[name]).join(" ");
    root.textContent = text;
    root.title = [text, meanings.join(" · ")].filter(Boolean).join("\n");
    if (marks) root.dataset.marks = marks;
    else delete root.dataset.marks;
    const { eGridCell } = this.params;
    if (meanings.length) eGridCell.setAttribute("aria-label", [text, ...meanings].filter(Boolean).join(". "));
    else eGridCell.removeAttribute("aria-label");
  }
}

/** The folder that a document had in its upload, if any. */
const folderOf = ({ document, path }: { document: string; path: string }) =>
  path.endsWith(`/${document}`) ? path.slice(0, -document.length - 1) : "";

const mark = (text: string, title = "") => {
  const made = node("span", "folder", text);
  made.title = title;
  return made;
};

export class DocumentCell implements ICellRendererComp<GridRow> {
  private readonly root = node("div", "document");

  init(params: ICellRendererParams<GridRow>): void {
    this.refresh(params);
  }

  getGui(): HTMLElement {
    return this.root;
  }

  refresh({ data: row }: ICellRendererParams<GridRow>): boolean {
    this.root.className = classOf(row ? "document" : "document loadingRow");
    if (!row || isGroup(row)) {
      this.root.replaceChildren();
      return true;
    }
    const name = node("span", row.error ? "name failed" : "name", row.document);
    name.title = row.error ? `${row.path}: ${row.error}` : row.path;
    const folder = folderOf(row);
    const marks = [
      folder && mark(folder),
      row.same_as && mark("= same file", `The same file as ${row.same_as}`),
      row.newer_file_at && mark("older file", `A newer file of this path was added ${when(row.newer_file_at)}`),
    ].filter((one) => one instanceof HTMLElement);
    const pages = node(
      "span",
      row.unread_pages || row.remarks.length ? "pages unread" : row.ocr_pages ? "pages ocr" : "pages",
      row.error ? "⚠" : row.page_count ? `${row.page_count} p.` : "",
    );
    pages.title = row.how_read ?? "";
    this.root.replaceChildren(name, ...marks, pages);
    return true;
  }
}

export class GroupRow implements ICellRendererComp<GridRow> {
  private readonly root = node("div", "groupCell");
  private readonly button = node("button", "groupRow");

  init(params: ICellRendererParams<GridRow, unknown, Shared>): void {
    this.root.setAttribute("role", "gridcell");
    this.root.append(this.button);
    this.button.addEventListener("click", () => params.context.fold((params.data as Group).group));
    this.refresh(params);
  }

  getGui(): HTMLElement {
    return this.root;
  }

  refresh({ data }: ICellRendererParams<GridRow>): boolean {
    const { label, count, folded } = data as Group;
    this.button.setAttribute("aria-expanded", String(!folded));
    this.button.replaceChildren(
      node("span", "", folded ? "▸" : "▾"),
      node("span", "", label),
      node("span", "count", figure(count)),
    );
    return true;
  }
}

export class ColumnHeader implements IHeaderComp {
  private readonly root = node("div", "columnHeader");
  private readonly gone = new AbortController();

  init(params: IHeaderParams<GridRow, Shared> & { column_: Column }): void {
    const { column_: column, context, eGridHeader } = params;
    const name = node("button", "sort", heading(column));
    name.tabIndex = -1;
    name.addEventListener("click", () => params.progressSort(false));
    const format = node("span", "format", FORMATS[column.format].sign);
    format.title = FORMATS[column.format].name;
    const arrow = node("span", "arrow");
    const menu = node("button", "icon", "⋮");
    menu.tabIndex = -1;
    menu.setAttribute("aria-label", `Menu of ${column.name}`);
    const open = (event: Event) => {
      event.preventDefault();
      context.openMenu(column, eGridHeader);
    };
    menu.addEventListener("click", open);
    // The element belongs to the grid, and stays. By keyboard the focus is on it, never on its contents.
    const { signal } = this.gone;
    eGridHeader.addEventListener("contextmenu", open, { signal });
    eGridHeader.addEventListener(
      "keydown",
      (event) => {
        if (event.altKey && event.key === "ArrowDown") open(event);
      },
      { signal },
    );
    const sorted = () => (arrow.textContent = { asc: "↑", desc: "↓" }[String(params.column.getSort())] ?? "");
    params.column.addEventListener("sortChanged", sorted);
    sorted();
    const bar = node("span", "checkedBar");
    const progress = () => {
      const checked = context.checked(column.id);
      bar.style.width = `${checked ? (100 * checked) / context.rows() : 0}%`;
      name.title = `${column.prompt}${checked === undefined ? "" : `\n${figure(checked)} of ${figure(context.rows())} checked`}`;
    };
    context.heads.set(column.id, progress);
    signal.addEventListener("abort", () => {
      if (context.heads.get(column.id) === progress) context.heads.delete(column.id);
    });
    progress();
    this.root.replaceChildren(format, name, arrow, menu, bar);
  }

  getGui(): HTMLElement {
    return this.root;
  }

  refresh(): boolean {
    return false;
  }

  destroy(): void {
    this.gone.abort();
  }
}
