/** The bar above the grid: its name, its run, and the actions that change or export the view. */
import type { Column, Job, Review, View } from "../api/client";
import { isLive } from "../live";
import { useUploads } from "../setup/Upload";
import { Menu, type Item } from "../ui/Menu";
import { count, onDay } from "../ui/words";
import { ExportMenu } from "./ExportMenu";
import { JobBar } from "./JobBar";
import { ReviewName } from "./ReviewName";
import type { Opened } from "./TableDialogs";
import parts from "../ui/parts.module.css";
import styles from "./Toolbar.module.css";

type Props = {
  review: Review;
  columns: Column[];
  job: Job | null;
  view: View;
  hidden: Set<string>;
  hasSelection: boolean;
  /** Lines of an answer that a row shows. */
  lines: number;
  onLines: (lines: number) => void;
  visibleColumns: () => string[];
  onHide: (column: Column, hides: boolean) => void;
  onCopy: () => void;
  onOpen: (dialog: Opened) => void;
  onJobChanged: () => void;
};

export function Toolbar({ review, columns, job, view, hidden, hasSelection, lines, ...on }: Props) {
  const mayEdit = review.role !== "viewer";
  const uploads = useUploads(review.id);
  const shown: Item[] = [
    ...columns.map((column) => ({
      label: column.name,
      checked: !hidden.has(column.id),
      onSelect: () => on.onHide(column, !hidden.has(column.id)),
    })),
    "line",
    {
      label: "Show all",
      disabled: !hidden.size,
      onSelect: () => columns.forEach((column) => on.onHide(column, false)),
    },
  ];
  if (mayEdit) shown.push({ label: "Edit questions …", onSelect: () => on.onOpen("questions") });
  const more: Item[] = [{ label: "Copy as a table", onSelect: on.onCopy }];
  if (mayEdit)
    more.push({ label: "Remove selected rows …", disabled: !hasSelection, onSelect: () => on.onOpen("remove rows") });
  more.push("line");
  for (const height of [2, 4, 8])
    more.push({ label: `Rows of ${height} lines`, checked: lines === height, onSelect: () => on.onLines(height) });
  more.push(
    "line",
    { label: "People …", onSelect: () => on.onOpen("people") },
    { label: "History …", onSelect: () => on.onOpen("history") },
  );
  if (review.role === "owner") more.push({ label: "Retention …", onSelect: () => on.onOpen("retention") });
  more.push({ label: "Keys and signs …", onSelect: () => on.onOpen("keys") });
  return (
    <div className={styles.toolbar}>
      <ReviewName review={review} />
      {review.delete_at && <span className={`${parts.badge} ${parts.warn}`}>deleted on {onDay(review.delete_at)}</span>}
      <JobBar job={job} onChanged={on.onJobChanged} mayEdit={mayEdit} />
      {mayEdit && (
        <>
          <button className="primary" disabled={isLive(job)} onClick={() => on.onOpen("run")}>
            Run …
          </button>
          <button onClick={() => on.onOpen("documents")}>
            {uploads.busy ? `Adding ${uploads.done} / ${count(uploads.files.length, "file")} …` : "Add documents"}
            {uploads.refused.length > 0 && <span className="failed">{uploads.refused.length} refused</span>}
            {uploads.lost.length > 0 && <span className="failed">{uploads.lost.length} not sent</span>}
          </button>
          <button onClick={() => on.onOpen("new question")}>Add a question</button>
        </>
      )}
      <Menu label="Questions ▾" items={shown} />
      <ExportMenu review={review.id} view={view} shownColumns={hidden.size ? on.visibleColumns : null} />
      <Menu label="⋯" title="More" items={more} />
    </div>
  );
}
