/** The people with whom a review is shared, and the history of its answers. */
import { useState } from "react";
import { type Role } from "../api/client";
import { api } from "../api/queries";
import { Change } from "../evidence/History";
import { Dialog } from "../ui/Dialog";
import { ErrorOf, Loading } from "../ui/parts";
import parts from "../ui/parts.module.css";
import styles from "./People.module.css";
import lists from "../evidence/History.module.css";

const MEMBERS = "/api/tabular/reviews/{review_id}/members";
const ROLES: Record<Role, string> = { viewer: "can view", editor: "can edit", owner: "can share and delete" };

export function ShareDialog({ review, mayShare, onClose }: { review: string; mayShare: boolean; onClose: () => void }) {
  const path = { review_id: review };
  const members = api.useQuery("get", MEMBERS, { params: { path } });
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const changed = () => void members.refetch();
  const put = api.useMutation("put", `${MEMBERS}/{email}`, {
    onSuccess: () => {
      setEmail("");
      changed();
    },
  });
  const remove = api.useMutation("delete", `${MEMBERS}/{email}`, { onSuccess: changed });
  const share = (email: string, role: Role) => put.mutate({ params: { path: { ...path, email } }, body: { role } });
  const error = members.error ?? put.error ?? remove.error;
  const roles = (Object.keys(ROLES) as Role[]).map((one) => (
    <option key={one} value={one}>
      {one}: {ROLES[one]}
    </option>
  ));
  return (
    <Dialog title="People" onClose={onClose}>
      {!members.data && !error && <Loading what="Loading" />}
      <ul className={styles.members}>
        {members.data?.members.map((one) => (
          <li key={one.email}>
            <span>{one.email}</span>
            <select
              aria-label={`Role of ${one.email}`}
              disabled={!mayShare}
              value={one.role}
              onChange={(event) => share(one.email, event.target.value as Role)}
            >
              {roles}
            </select>
            {mayShare && (
              <button
                className="icon"
                aria-label={`Stop sharing with ${one.email}`}
                onClick={() => remove.mutate({ params: { path: { ...path, email: one.email } } })}
              >
                ×
              </button>
            )}
          </li>
        ))}
      </ul>
      {members.data?.members.length === 0 && <p className="muted">This review is not shared.</p>}
      <ErrorOf error={error} />
      {mayShare && (
        <form
          className={parts.row}
          onSubmit={(event) => {
            event.preventDefault();
            share(email.trim(), role);
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

export function HistoryDialog({ review, onClose }: { review: string; onClose: () => void }) {
  const params = { path: { review_id: review } };
  const history = api.useQuery("get", "/api/tabular/reviews/{review_id}/history", { params }, { staleTime: 0 });
  return (
    <Dialog title="History" onClose={onClose} wide>
      <ErrorOf error={history.error} />
      {history.isPending && <Loading what="Loading" />}
      {history.data?.changes.length === 0 && <p className="muted">Nobody has changed an answer yet.</p>}
      <ul className={lists.list}>
        {history.data?.changes.map((change, index) => (
          <Change
            key={index}
            change={change}
            what={
              <>
                <b>{change.column ?? "a removed question"}</b> of {change.document ?? "a removed document"}
              </>
            }
          />
        ))}
      </ul>
    </Dialog>
  );
}
