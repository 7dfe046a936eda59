/** All dialogs over the grid. One is open at a time. */
import { useQueryClient } from "@tanstack/react-query";
import type { Column, Review, SeenCell } from "../api/client";
import { api, reviewQuery } from "../api/queries";
import { FilterDialog } from "../grid/Filters";
import { QuestionDialog } from "../setup/QuestionDialog";
import { Questions, RemoveQuestion } from "../setup/Questions";
import { RunDialog } from "../setup/Run";
import { Upload } from "../setup/Upload";
import { Dialog } from "../ui/Dialog";
import { useNotices } from "../ui/notices";
import { count } from "../ui/words";
import { KeysDialog } from "./Keys";
import { HistoryDialog, ShareDialog } from "./People";
import { RetentionDialog } from "./Retention";
import { VerifyDialog } from "./Verify";

/** The dialog that is open; some are about one question. */
export type Opened =
  | "documents"
  | "questions"
  | "new question"
  | "run"
  | "people"
  | "history"
  | "retention"
  | "keys"
  | "remove rows"
  | "verify"
  | { do: "edit" | "remove" | "filter"; column: Column };

type Props = {
  opened: Opened;
  review: Review;
  columns: Column[];
  /** The documents of the ticked rows. */
  selected: string[];
  /** The chosen cells as the grid shows them. */
  seen: () => { cells: SeenCell[]; left: number };
  onVerified: () => void;
  onFilter: (filter: string) => void;
  onRowsRemoved: () => void;
  onQuestionEdited: () => void;
  onQuestionAdded: (column_id: string) => void;
  onClose: () => void;
};

export function TableDialogs({ opened, review, columns, selected, onClose, ...on }: Props) {
  if (typeof opened === "object") {
    const { column } = opened;
    if (opened.do === "filter")
      return <FilterDialog columns={columns} column={column} onAdd={on.onFilter} onClose={onClose} />;
    if (opened.do === "remove") return <RemoveQuestion review={review.id} column={column} onClose={onClose} />;
    const close = () => {
      onClose();
      on.onQuestionEdited();
    };
    return <QuestionDialog review={review.id} column={column} onClose={close} />;
  }
  switch (opened) {
    case "documents":
      return (
        <Dialog title="Add documents" wide onClose={onClose}>
          <Upload review={review.id} />
        </Dialog>
      );
    case "questions":
      return (
        <Dialog title="Questions" wide onClose={onClose}>
          <Questions review={review.id} columns={columns} />
        </Dialog>
      );
    case "new question":
      return <QuestionDialog review={review.id} column={null} onAdded={on.onQuestionAdded} onClose={onClose} />;
    case "run":
      return (
        <RunDialog
          review={review.id}
          documents={review.document_count}
          columns={columns.length}
          selected={selected}
          onClose={onClose}
        />
      );
    case "people":
      return <ShareDialog review={review.id} mayShare={review.role === "owner"} onClose={onClose} />;
    case "history":
      return <HistoryDialog review={review.id} onClose={onClose} />;
    case "retention":
      return <RetentionDialog review={review} onClose={onClose} />;
    case "verify":
      return <VerifyDialog review={review.id} seen={on.seen} onVerified={on.onVerified} onClose={onClose} />;
    case "remove rows":
      return <RemoveRows review={review.id} selected={selected} onRemoved={on.onRowsRemoved} onClose={onClose} />;
    case "keys":
      return <KeysDialog onClose={onClose} />;
  }
}

type RemoveProps = { review: string; selected: string[]; onRemoved: () => void; onClose: () => void };

function RemoveRows({ review, selected, onRemoved, onClose }: RemoveProps) {
  const queries = useQueryClient();
  const { fail } = useNotices();
  const remove = api.useMutation("post", "/api/tabular/reviews/{review_id}/documents/remove", {
    onSuccess: () => {
      void queries.invalidateQueries(reviewQuery(review));
      onRemoved();
      onClose();
    },
    onError: fail,
  });
  const params = { path: { review_id: review }, query: { confirm: true } };
  return (
    <Dialog title={`Remove ${count(selected.length, "row")}?`} onClose={onClose}>
      <p>This deletes their answers; the documents stay.</p>
      <footer>
        <button onClick={onClose}>Cancel</button>
        <button
          className="danger"
          disabled={remove.isPending}
          onClick={() => remove.mutate({ params, body: { document_ids: selected } })}
        >
          Remove the rows
        </button>
      </footer>
    </Dialog>
  );
}
