/** What of the grid is shown: words, states, flags, comparisons of one column. */
import { useEffect, useState } from "react";
import type { Column, Flag, View } from "../api/client";
import { Dialog, FLAGS } from "../ui/basics";

const STATES = {
  failed: "Failed",
  missing: "Not asked yet",
  stale: "Stale",
  outdated: "Outdated",
  unverified: "Unverified quotes",
  edited: "Edited",
  verified: "Verified by a person",
  done: "Answered",
};
type Op = { op: string; says: string };
const ORDERED: Op[] = [
  { op: "eq", says: "is" },
  { op: "ne", says: "is not" },
  { op: "lt", says: "is less than" },
  { op: "lte", says: "is at most" },
  { op: "gt", says: "is more than" },
  { op: "gte", says: "is at least" },
];
const DATED: Op[] = [
  { op: "eq", says: "is" },
  { op: "lt", says: "is before" },
  { op: "lte", says: "is not after" },
  { op: "gt", says: "is after" },
  { op: "gte", says: "is not before" },
];
const EQUAL: Op[] = ORDERED.slice(0, 2);
const CONTAINS: Op = { op: "contains", says: "contains" };
const OF_ANY: Op[] = [
  { op: "flag", says: "has the flag" },
  { op: "state", says: "is in the state" },
];

function opsOf(column: Column): Op[] {
  if (column.format === "date") return [...DATED, CONTAINS, ...OF_ANY];
  if (["number", "percentage", "monetary_amount"].includes(column.format)) return [...ORDERED, CONTAINS, ...OF_ANY];
  if (["yes_no", "tag", "currency"].includes(column.format)) return [...EQUAL, CONTAINS, ...OF_ANY];
  return [CONTAINS, ...EQUAL, ...OF_ANY];
}

/** A filter of the server's as a person reads it. */
export function says(filter: string, columns: Column[]): string {
  const [id, op, ...rest] = filter.split(":");
  const value = rest.join(":");
  const column = columns.find((one) => one.id === id);
  const named = column?.name ?? "Any answer";
  if (op === "state") return `${named}: ${STATES[value as keyof typeof STATES] ?? value}`;
  if (op === "flag") return `${named}: ${value.split(",").join(" or ")}`;
  return `${named} ${column ? (opsOf(column).find((one) => one.op === op)?.says ?? op) : op} ${value}`;
}

type Props = { columns: Column[]; view: View; onView: (change: Partial<View>) => void; total: number | null };

export function Filters({ columns, view, onView, total }: Props) {
  const add = (filter: string) => !view.filter.includes(filter) && onView({ filter: [...view.filter, filter] });
  const drop = (filter: string) => onView({ filter: view.filter.filter((one) => one !== filter) });
  const flags =
    view.filter
      .find((one) => one.startsWith("any:flag:"))
      ?.split(":")[2]
      ?.split(",") ?? [];
  const toggle = (flag: Flag) => {
    const next = flags.includes(flag) ? flags.filter((one) => one !== flag) : [...flags, flag];
    onView({
      filter: [
        ...view.filter.filter((one) => !one.startsWith("any:flag:")),
        ...(next.length ? [`any:flag:${next.join(",")}`] : []),
      ],
    });
  };
  const [asking, setAsking] = useState(false);
  return (
    <div className="filters" role="search">
      <Words q={view.q} onQ={(q) => onView({ q })} />
      <div role="group" aria-label="Flags" className="flags">
        {(Object.keys(FLAGS) as Flag[]).map((flag) => (
          <button
            key={flag}
            className="icon"
            aria-pressed={flags.includes(flag)}
            aria-label={`Rows with a flag ${FLAGS[flag]}`}
            title={FLAGS[flag]}
            onClick={() => toggle(flag)}
          >
            <span className={`flag ${flag}`} aria-hidden />
          </button>
        ))}
      </div>
      <label>
        <span className="hidden">State</span>
        <select value="" onChange={(event) => add(`any:state:${event.target.value}`)}>
          <option value="">State …</option>
          {Object.entries(STATES).map(([state, name]) => (
            <option key={state} value={state}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button onClick={() => setAsking(true)} disabled={!columns.length}>
        + Filter
      </button>
      {view.filter
        .filter((one) => !one.startsWith("any:flag:"))
        .map((filter) => (
          <span key={filter} className="chip">
            {says(filter, columns)}
            <button
              className="icon"
              aria-label={`Remove the filter ${says(filter, columns)}`}
              onClick={() => drop(filter)}
            >
              ×
            </button>
          </span>
        ))}
      {(view.q || view.filter.length > 0) && <button onClick={() => onView({ filter: [], q: "" })}>Show all</button>}
      <span className="muted total" role="status">
        {total === null ? "" : `${total.toLocaleString("en")} ${total === 1 ? "row" : "rows"}`}
      </span>
      {asking && <FilterDialog columns={columns} column={columns[0]!} onAdd={add} onClose={() => setAsking(false)} />}
    </div>
  );
}

const TYPING_MS = 300;

function Words({ q, onQ }: { q: string; onQ: (q: string) => void }) {
  const [typed, setTyped] = useState(q);
  const [seen, setSeen] = useState(q);
  if (q !== seen) {
    setSeen(q);
    if (q !== typed.trim()) setTyped(q);
  }
  useEffect(() => {
    if (typed.trim() === q) return;
    const timer = setTimeout(() => onQ(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <input
      id="search"
      type="search"
      aria-label="Search answers and documents"
      placeholder="Search answers and documents ( / )"
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}

export function FilterDialog({
  columns,
  column: first,
  onAdd,
  onClose,
}: {
  columns: Column[];
  column: Column;
  onAdd: (filter: string) => void;
  onClose: () => void;
}) {
  const [column, setColumn] = useState(first);
  const ops = opsOf(column);
  const [op, setOp] = useState(ops[0]!.op);
  const [value, setValue] = useState("");
  const choices =
    op === "flag"
      ? Object.keys(FLAGS)
      : op === "state"
        ? Object.keys(STATES)
        : op !== "contains" && column.format === "yes_no"
          ? ["yes", "no"]
          : op !== "contains" && column.format === "tag"
            ? column.tags
            : null;
  const chosen = choices ? (choices.includes(value) ? value : choices[0]!) : value.trim();
  const type =
    op === "contains"
      ? "text"
      : column.format === "date"
        ? "date"
        : ["number", "percentage", "monetary_amount"].includes(column.format)
          ? "number"
          : "text";
  return (
    <Dialog title="Show only rows whose …" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          onAdd(`${column.id}:${op}:${chosen}`);
          onClose();
        }}
      >
        <label>
          Question
          <select
            value={column.id}
            onChange={(event) => {
              const next = columns.find((one) => one.id === event.target.value)!;
              setColumn(next);
              setOp(opsOf(next)[0]!.op);
              setValue("");
            }}
          >
            {columns.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Comparison
          <select
            value={op}
            onChange={(event) => {
              setOp(event.target.value);
              setValue("");
            }}
          >
            {ops.map((one) => (
              <option key={one.op} value={one.op}>
                {one.says}
              </option>
            ))}
          </select>
        </label>
        <label>
          Value
          {choices ? (
            <select className="first" value={chosen} onChange={(event) => setValue(event.target.value)}>
              {choices.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          ) : (
            <input
              className="first"
              required
              type={type}
              step="any"
              value={value}
              onChange={(event) => setValue(event.target.value)}
            />
          )}
        </label>
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="primary" disabled={!chosen}>
            Show
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
