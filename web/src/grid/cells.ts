/** How the grid draws: plain DOM, for there are hundreds of cells on the screen. Text goes in as text, never as markup. */
import type { ICellRendererComp, ICellRendererParams, IHeaderComp, IHeaderParams } from "ag-grid-community";
import { FLAGS, FORMATS } from "../ui/basics";
import type { Cell, Column, Format, Job, Row } from "../api/client";
import { isAwaited } from "../live";
import { isGroup, type Group, type GridRow } from "./source";

/** What the grid's parts share with the page around it. */
export type Shared = {
  job: Job | null;
  /** Null: not for this person to do. */
  retry: ((row: Row, column: Column) => void) | null;
  openMenu: (column: Column, header: HTMLElement) => void;
  fold: (group: string) => void;
};

const NUMERIC: Format[] = ["number", "percentage", "monetary_amount"];

/** Characters of an answer that two lines of a very wide column can hold: the rest would be laid out to be hidden. */
const LONGEST = 300;

const node = (tag: string, className: string, text = "") => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
};

export class AnswerCell implements ICellRendererComp<GridRow> {
  private readonly root = node("div", "answer");
  private params!: ICellRendererParams<GridRow, Cell, Shared> & { column_: Column };

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

  // One element and its text, as the flag and the marks are drawn by CSS: hundreds of these come and go in a second of scrolling.
  private draw(): void {
    const { data: row, column_, context, eGridCell } = this.params;
    const { root } = this;
    const show = (classes: string, text = "", says: string[] = [], marks = "") => {
      root.className = `answer ${classes}`;
      root.textContent = text;
      root.title = says.join(" · ");
      if (marks) root.dataset.marks = marks;
      else delete root.dataset.marks;
      if (says.length) eGridCell.setAttribute("aria-label", [text, ...says].filter(Boolean).join(". "));
      else eGridCell.removeAttribute("aria-label");
    };
    if (!row || isGroup(row)) return show("");
    const cell = row.cells[column_.id];
    const awaited = isAwaited(cell, row, column_.id, context.job);
    if (awaited && (!cell || cell.status !== "done")) return show("awaited", "", ["being answered"]);
    if (!cell || cell.status === "pending") return show("", "", ["not asked yet"]);
    if (cell.status === "error") {
      show("", "", [cell.error ?? "Failed"]);
      eGridCell.removeAttribute("aria-label"); // its words are the cell's
      root.append(node("span", "failed", cell.error ?? "Failed"));
      if (!context.retry) return;
      const retry = node("button", "retry", "↻ Retry");
      retry.dataset.retry = "1";
      retry.tabIndex = -1;
      return root.append(retry);
    }
    const says = cell.flag ? [FLAGS[cell.flag]] : [];
    const aligned = NUMERIC.includes(column_.format) && cell.value != null;
    let classes = `words ${cell.flag ?? ""}${awaited ? " awaited" : ""}${aligned ? " number" : ""}`;
    let marks = "";
    const mark = (className: string, sign: string, means: string) => {
      classes += ` ${className}`;
      marks += sign;
      says.push(means);
    };
    if (cell.attempt_error) mark("attempted", "⚠", `The last attempt failed: ${cell.attempt_error}`);
    if (cell.stale) mark("stale", "◔", "Stale: the question has changed since");
    if (cell.outdated) mark("outdated", "◷", "Outdated: another model or prompt gave this answer");
    if (cell.edited) mark("edited", "✎", "Edited by a person");
    if (cell.verified_by)
      mark("checked", "✔", `Verified by ${cell.verified_by}${cell.stale ? ", before the question changed" : ""}`);
    else if (cell.verified === true) mark("found", "❝", "The quote stands in the document");
    else if (cell.verified === false) mark("unfound", "❝", "Unverified: a quote was not found in the document");
    if (marks.length > 1) classes += " several";
    const summary = cell.summary ?? "";
    show(classes, summary.length > LONGEST ? `${summary.slice(0, LONGEST)}…` : summary, says, marks);
  }
}

/** Where a document stood in its upload, if in a folder. */
const folderOf = ({ document, path }: { document: string; path: string }) =>
  path.endsWith(`/${document}`) ? path.slice(0, -document.length - 1) : "";

export class DocumentCell implements ICellRendererComp<GridRow> {
  private readonly root = node("div", "document");

  init(params: ICellRendererParams<GridRow>): void {
    this.refresh(params);
  }

  getGui(): HTMLElement {
    return this.root;
  }

  refresh({ data: row }: ICellRendererParams<GridRow>): boolean {
    this.root.classList.toggle("loading-row", !row);
    if (!row || isGroup(row)) {
      this.root.replaceChildren();
      return true;
    }
    const name = node("span", row.error ? "name failed" : "name", row.document);
    name.title = row.error ? `${row.path}: ${row.error}` : row.path;
    const folder = folderOf(row);
    const pages = node(
      "span",
      row.unread_pages ? "pages unread" : row.ocr_pages ? "pages ocr" : "pages",
      row.error ? "⚠" : row.page_count ? `${row.page_count} p.` : "",
    );
    pages.title = row.how_read ?? "";
    this.root.replaceChildren(name, ...(folder ? [node("span", "folder", folder)] : []), pages);
    return true;
  }
}

export class GroupRow implements ICellRendererComp<GridRow> {
  private readonly root = node("div", "group-cell");
  private readonly button = node("button", "group-row");

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
      node("span", "fold", folded ? "▸" : "▾"),
      node("span", "words", label),
      node("span", "count", count.toLocaleString("en")),
    );
    return true;
  }
}

export class ColumnHeader implements IHeaderComp {
  private readonly root = node("div", "column-header");
  private readonly gone = new AbortController();

  init(params: IHeaderParams<GridRow, Shared> & { column_: Column }): void {
    const { column_: column, context, eGridHeader } = params;
    const name = node("button", "sort", column.name);
    name.tabIndex = -1;
    name.title = column.prompt;
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
    // The element is the grid's, and stays. By keyboard the focus is on it, and what is in it has none.
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
    this.root.replaceChildren(format, name, arrow, menu);
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
