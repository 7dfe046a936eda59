/** Whom a review is shared with, and who changed what. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { getReviewHistory, listMembers, putMember, removeMember, sentence, type Role } from "../api/client";
import { Dialog, ErrorText, Loading, when } from "../ui/basics";

const ROLES: Record<Role, string> = { viewer: "may look", editor: "may change", owner: "may share and delete" };

export function ShareDialog({ review, mayShare, onClose }: { review: string; mayShare: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const members = useQuery({ queryKey: ["members", review], queryFn: () => listMembers(review) });
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const changed = () => queries.invalidateQueries({ queryKey: ["members", review] });
  const put = useMutation({
    mutationFn: (one: { email: string; role: Role }) => putMember(review, one.email, one.role),
    onSuccess: () => {
      setEmail("");
      changed();
    },
  });
  const remove = useMutation({ mutationFn: (one: string) => removeMember(review, one), onSuccess: changed });
  const error = members.error ?? put.error ?? remove.error;
  const roles = (Object.keys(ROLES) as Role[]).map((one) => (
    <option key={one} value={one}>
      {one}: {ROLES[one]}
    </option>
  ));
  return (
    <Dialog title="People" onClose={onClose}>
      {!members.data && !error && <Loading what="Loading" />}
      <ul className="members">
        {members.data?.members.map((one) => (
          <li key={one.email}>
            <span>{one.email}</span>
            <select
              aria-label={`Role of ${one.email}`}
              disabled={!mayShare}
              value={one.role}
              onChange={(event) => put.mutate({ email: one.email, role: event.target.value as Role })}
            >
              {roles}
            </select>
            {mayShare && (
              <button
                className="icon"
                aria-label={`Stop sharing with ${one.email}`}
                onClick={() => remove.mutate(one.email)}
              >
                ×
              </button>
            )}
          </li>
        ))}
      </ul>
      {members.data?.members.length === 0 && <p className="muted">This review is shared with nobody.</p>}
      <ErrorText>{error && sentence(error)}</ErrorText>
      {mayShare && (
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            put.mutate({ email: email.trim(), role });
          }}
        >
          <input
            type="email"
            required
            aria-label="E-mail"
            placeholder="name@example.com"
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
          <select aria-label="Role" value={role} onChange={(event) => setRole(event.target.value as Role)}>
            {roles}
          </select>
          <button className="primary">Share</button>
        </form>
      )}
    </Dialog>
  );
}

const ACTIONS = {
  edit: "edited",
  verify: "verified",
  unverify: "took back the verification of",
  clear: "cleared",
  restore: "brought back",
  regenerate: "asked again",
  replace: "answered anew",
};

export function HistoryDialog({ review, onClose }: { review: string; onClose: () => void }) {
  const history = useQuery({
    queryKey: ["review-history", review],
    queryFn: () => getReviewHistory(review),
    staleTime: 0,
  });
  return (
    <Dialog title="Who changed what" onClose={onClose} wide>
      <ErrorText>{history.error && sentence(history.error)}</ErrorText>
      {history.isPending && <Loading what="Loading" />}
      {history.data?.changes.length === 0 && <p className="muted">Nobody has changed an answer yet.</p>}
      <ul className="history">
        {history.data?.changes.map((one, nr) => (
          <li key={nr}>
            <b>{one.email}</b> {ACTIONS[one.action]} <b>{one.column ?? "a removed question"}</b> of{" "}
            {one.document ?? "a removed document"} <span className="muted">{when(one.created_at)}</span>
            {(one.action === "edit" || one.action === "replace") && (
              <div>
                <del>{String(one.before?.summary ?? "nothing")}</del> →{" "}
                <ins>{String(one.after?.summary ?? "nothing")}</ins>
              </div>
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
