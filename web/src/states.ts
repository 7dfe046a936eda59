/** The states of jobs and cells that the page decides by. */
import type { Job, WindowCell, WindowRow } from "./api/client";

export const isLive = (job: Job | null | undefined): job is Job & { status: "pending" | "running" } =>
  job?.status === "pending" || job?.status === "running";

/** Whether the live job is going to answer this cell. */
export function isAwaited(cell: WindowCell | undefined, row: WindowRow, column_id: string, job: Job | null): boolean {
  if (!isLive(job) || !row.open || (job.column_ids && !job.column_ids.includes(column_id))) return false;
  const asks = (...only: Job["only"]) => only.some((one) => job.only.includes(one));
  if (!cell || cell.status === "pending") return asks("missing", "all", "again");
  if (cell.job_id === job.id) return false;
  if (job.only.every((one) => one === "again")) return true;
  if (cell.edited || cell.verified_by) return false;
  return (
    asks("all") ||
    (cell.stale && asks("stale")) ||
    (cell.outdated && asks("outdated")) ||
    (cell.attempt_error !== null && asks("failed"))
  );
}
