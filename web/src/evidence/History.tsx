/** The changes of an answer: person, time and content. */
import { useQuery } from "@tanstack/react-query";
import { type CellChange, type CellKey } from "../api/client";
import { cellHistoryQuery } from "../api/queries";
import { ErrorOf } from "../ui/parts";
import { when } from "../ui/words";
import styles from "./History.module.css";

const ACTIONS: Record<CellChange["action"], string> = {
  edit: "edited",
  verify: "verified",
  unverify: "withdrew the verification of",
  clear: "cleared",
  restore: "restored",
  regenerate: "asked again",
  replace: "replaced",
};

/** `what`: the changed answer, if that is not clear. */
export function Change({ change, what }: { change: Omit<CellChange, "column" | "document">; what?: React.ReactNode }) {
  const { email, action, before, after, created_at } = change;
  return (
    <li>
      <b>{email}</b> {ACTIONS[action]} {what ?? "the answer"} <span className="muted">{when(created_at)}</span>
      {(action === "edit" || action === "replace") && (
        <div>
          <del>{summaryOf(before)}</del> → <ins>{summaryOf(after)}</ins>
        </div>
      )}
    </li>
  );
}

const summaryOf = (content: CellChange["before"]) => content?.summary ?? "nothing";

export function History({ review, cell }: { review: string; cell: CellKey }) {
  const history = useQuery({ ...cellHistoryQuery(review, cell), staleTime: 0 });
  if (history.error) return <ErrorOf error={history.error} />;
  return (
    <>
      <h3>History</h3>
      {history.data?.changes.length === 0 && <p className="muted">Nobody has changed this answer.</p>}
      <ul className={styles.list}>
        {history.data?.changes.map((change, index) => (
          <Change key={index} change={change} />
        ))}
      </ul>
    </>
  );
}
