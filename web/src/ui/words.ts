/** Words and figures as every screen writes them. */
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
  green: "Green: sure",
  yellow: "Yellow: look closer",
  red: "Red: problem",
  grey: "Grey: not found",
};

export const figure = (n: number) => n.toLocaleString("en");
export const count = (n: number, one: string, many = `${one}s`) => `${figure(n)} ${n === 1 ? one : many}`;
export const when = (iso: string) =>
  new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** The head of a column: its name, and the unit of its numbers where the question names none. */
export const heading = ({ name, unit }: { name: string; unit: string | null }) =>
  unit ? `${name} (${unit.endsWith("foot") ? unit.replace(/foot$/, "feet") : `${unit}s`})` : name;
