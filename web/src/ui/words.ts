/** Words and figures in the form that every screen uses. */
import type { Flag, Format } from "../api/client";

export const FORMATS: Record<Format, { name: string; sign: string }> = {
  text: { name: "Text", sign: "¶" },
  bulleted_list: { name: "List", sign: "•" },
  number: { name: "Number", sign: "#" },
  percentage: { name: "Percentage", sign: "%" },
  monetary_amount: { name: "Amount of money", sign: "$" },
  currency: { name: "Currency", sign: "¤" },
  yes_no: { name: "Yes or no", sign: "?" },
  date: { name: "Date", sign: "▤" },
  tag: { name: "Tag", sign: "◆" },
};
export const FLAGS: Record<Flag, string> = {
  green: "Green: nothing in doubt",
  yellow: "Yellow: look closer",
  red: "Red: problem",
  grey: "Grey: nothing found",
};

export const figure = (n: number) => n.toLocaleString("en");
export const count = (n: number, one: string, many = `${one}s`) => `${figure(n)} ${n === 1 ? one : many}`;
export const when = (iso: string) =>
  new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

export const onDay = (iso: string) => new Date(iso).toLocaleDateString(undefined, { dateStyle: "medium" });
/** In the form of date fields: 2026-01-31. */
export const localDay = (time: Date) => time.toLocaleDateString("sv");

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

const plural = (unit: string) => (unit.endsWith("foot") ? unit.replace(/foot$/, "feet") : `${unit}s`);

/** The head of a column: its name, and the unit of its numbers if the question names none. */
export const heading = ({ name, unit }: { name: string; unit: string | null }) =>
  unit ? `${name} (${plural(unit)})` : name;

/** The parts that distinguish figures: digits, points, words and percent signs, in any order. */
const figures = (text: string) => (text.replace(/,/g, "").match(/[\d.]+|[\p{L}]+|%/gu) ?? []).sort().join(" ");

const shownValue = (value: unknown, format: Format, unit: string | null): string | null => {
  if (format === "monetary_amount") {
    const { amount, currency } = value as { amount: string; currency: string | null };
    const [whole, decimals] = amount.split(".") as [string, string?];
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
    return [currency, decimals ? `${grouped}.${decimals}` : grouped].filter(Boolean).join(" ");
  }
  if (format === "percentage") return `${String(value)}%`;
  if (format === "number") return unit ? `${String(value)} ${value === "1" ? unit : plural(unit)}` : String(value);
  return format === "date" ? String(value) : null;
};

/** The value of a figure if its words are written differently; else null. */
export function reading(value: unknown, words: string | null, format: Format, unit: string | null): string | null {
  if (value === null || value === undefined || words === null) return null;
  const shown = shownValue(value, format, unit);
  if (shown === null || figures(shown) === figures(words)) return null;
  // "90 days" in a column of days.
  const isPlain = format === "number" && !unit && /^[\d.,]+ [a-z ]+$/.test(words);
  return isPlain && figures(words.replace(/[a-z ]+$/, "")) === figures(shown) ? null : shown;
}
