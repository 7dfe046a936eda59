/** The filters of the grid's rows: by words, states, flags, and comparisons with the answers to one question. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useState } from "react";
import type { Column, Flag, View } from "../api/client";
import { Dialog } from "../ui/Dialog";
import { uncomparedQuery } from "../api/queries";
import { count, figure, FLAGS } from "../ui/words";
import { compares, comparisons, filterWords, NUMERIC, STATES } from "./filters";
import dialog from "../ui/Dialog.module.css";
import styles from "./Filters.module.css";
import { FlagDot } from "../ui/parts";

/** The id of the field for words to search. */
export const SEARCH = "search";

type Props = {
  columns: Column[];
  view: View;
  onView: (change: Partial<View>) => void;
  doubtfulFirst: boolean;
  onDoubtfulFirst: (does: boolean) => void;
  total: number | null;
  review: string;
  checked: { cells: number; checked: number } | undefined;
  /** Goes to the next answer that nobody has checked. */
  onNext: () => void;
};

export function Filters({
  columns,
  view,
  onView,
  doubtfulFirst,
  onDoubtfulFirst,
  total,
  review,
  checked,
  onNext,
}: Props) {
  const uncompared = useQuery({ ...uncomparedQuery(review, view), enabled: view.filter.some(compares), staleTime: 0 });
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
    <div className={styles.filters} role="search">
      <Words q={view.q} onQ={(q) => onView({ q })} />
      <div role="group" aria-label="Flags" className={styles.flags}>
        {(Object.keys(FLAGS) as Flag[]).map((flag) => (
          <button
            key={flag}
            className="icon"
            aria-pressed={flags.includes(flag)}
            aria-label={`Rows with a flag ${FLAGS[flag]}`}
            title={FLAGS[flag]}
            onClick={() => toggle(flag)}
          >
            <FlagDot flag={flag} decorative />
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
      <button
        aria-pressed={doubtfulFirst}
        title="Rows with the most doubtful unchecked answers come first"
        onClick={() => onDoubtfulFirst(!doubtfulFirst)}
      >
        Doubtful first
      </button>
      {view.filter
        .filter((one) => !one.startsWith("any:flag:"))
        .map((filter) => (
          <span key={filter} className={styles.chip}>
            {filterWords(filter, columns)}
            {(uncompared.data?.rows[filter] ?? 0) > 0 && (
              <button
                title="Show these rows instead"
                onClick={() =>
                  onView({
                    filter: view.filter.map((one) => (one === filter ? `${one.split(":")[0]}:state:valueless` : one)),
                  })
                }
              >
                {count(uncompared.data!.rows[filter]!, "row")} without a value
              </button>
            )}
            <button
              className="icon"
              aria-label={`Remove the filter ${filterWords(filter, columns)}`}
              onClick={() => drop(filter)}
            >
              ×
            </button>
          </span>
        ))}
      {(view.q || view.filter.length > 0) && <button onClick={() => onView({ filter: [], q: "" })}>Show all</button>}
      <span className={styles.progress}>
        {checked !== undefined && checked.cells > 0 && (
          <>
            <progress aria-hidden max={checked.cells} value={checked.checked} />
            <span data-testid="checked">
              {figure(checked.checked)} of {figure(checked.cells)} checked
            </span>
            <button title="N" disabled={!total || checked.checked === checked.cells} onClick={onNext}>
              Next unchecked
            </button>
          </>
        )}
        <span className={`muted ${styles.total}`} role="status">
          {total === null ? "" : count(total, "row")}
        </span>
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
  const search = useEffectEvent((words: string) => words !== q && onQ(words));
  useEffect(() => {
    const timer = setTimeout(() => search(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <input
      id={SEARCH}
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
  const ops = comparisons(column);
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
        : NUMERIC.includes(column.format)
          ? "number"
          : "text";
  return (
    <Dialog title="Show only rows where …" onClose={onClose}>
      <form
        className={dialog.form}
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
              setOp(comparisons(next)[0]!.op);
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
                {one.words}
              </option>
            ))}
          </select>
        </label>
        <label>
          Value
          {choices ? (
            <select data-first value={chosen} onChange={(event) => setValue(event.target.value)}>
              {choices.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          ) : (
            <input
              data-first
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
