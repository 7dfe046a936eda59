import { expect, test } from "vitest";
import type { CompactCell, WindowRow } from "../api/client";
import { isGroup, RowSource, type Reads } from "./rows";

const row = (nr: number) =>
  ({ document_id: `d${nr}`, document: `${nr}.pdf`, cells: {}, awaited: ["law", "date"] }) as unknown as WindowRow;
const changed = (document_id: string, summary: string) =>
  ({ document_id, column_id: "law", status: "done", summary }) as CompactCell;
const numbered = (offset: number, limit: number, total = 10) =>
  Array.from({ length: Math.min(limit, total - offset) }, (_, at) => row(offset + at));
const plain: Reads = {
  rows: async (_, offset, limit) => ({ rows: numbered(offset, limit), total: 10 }),
  groups: null,
};
const GROUPS = [
  { label: "Delaware", count: 3 },
  { label: "Utah", count: 2 },
  { label: null, count: 5 },
];
const grouped: Reads = { ...plain, groups: async () => GROUPS };
const shown = (rows: Awaited<ReturnType<RowSource["read"]>>["rows"]) =>
  rows.map((one) => (isGroup(one) ? one.label : one.document_id));

test("a window is the server's answer", async () => {
  const { rows, total, matching } = await new RowSource(plain).read(8, 12, "position");
  expect([shown(rows), total, matching]).toEqual([["d8", "d9"], 10, 10]);
});

test("groups have their heads between their rows", async () => {
  const source = new RowSource(grouped);
  const whole = await source.read(0, 100, "position");
  expect(shown(whole.rows)).toEqual([
    "Delaware",
    "d0",
    "d1",
    "d2",
    "Utah",
    "d3",
    "d4",
    "No answer",
    "d5",
    "d6",
    "d7",
    "d8",
    "d9",
  ]);
  expect([whole.total, whole.matching]).toEqual([13, 10]);
  expect(shown((await source.read(2, 6, "position")).rows)).toEqual(["d1", "d2", "Utah", "d3"]);
});

test("a folded group is its head alone, and its documents still match", async () => {
  const source = new RowSource(grouped);
  await source.read(0, 1, "position");
  source.fold("0:Delaware");
  const { rows, total, matching } = await source.read(0, 4, "position");
  expect([shown(rows), total, matching]).toEqual([["Delaware", "Utah", "d3", "d4"], 10, 10]);
});

test("a row is found by its number among the matching rows, in a group that is then unfolded", async () => {
  const source = new RowSource(grouped);
  expect(await Promise.all([0, 1, 4, 5, 12].map((row) => source.matchingFrom(row)))).toEqual([0, 0, 3, 3, 9]);
  expect(await source.placeOf(3)).toEqual({ row: 5, unfolded: false });
  source.fold("1:Utah");
  expect(await source.matchingFrom(4)).toBe(3);
  expect(await source.placeOf(4)).toEqual({ row: 6, unfolded: true });
  expect(shown((await source.read(5, 7, "position")).rows)).toEqual(["d3", "d4"]);
  expect([await new RowSource(plain).matchingFrom(7), (await new RowSource(plain).placeOf(7)).row]).toEqual([7, 7]);
});

test("groups that could not be read are read again", async () => {
  let failures = 1;
  const groups = async () => {
    if (failures--) throw new TypeError("away");
    return GROUPS;
  };
  const source = new RowSource({ ...plain, groups });
  await expect(source.read(0, 1, "position")).rejects.toThrow("away");
  expect((await source.read(0, 1, "position")).total).toBe(13);
});

test("a changed cell is put into its row, if that has been read", async () => {
  const source = new RowSource(plain);
  await source.read(0, 2, "position");
  expect(source.apply([changed("d1", "Utah"), changed("d7", "Ohio")])).toEqual(new Set(["d1"]));
  expect(source.loaded.get("d1")!.cells.law!.summary).toBe("Utah");
  expect(source.loaded.get("d1")!.awaited).toEqual(["law", "date"]);
});

test("a cell that went with its row or column is there no longer", async () => {
  const source = new RowSource(plain);
  await source.read(0, 2, "position");
  source.apply([changed("d1", "Utah")]);
  source.apply([{ ...changed("d1", "Utah"), status: "missing", summary: null }]);
  expect(source.loaded.get("d1")!.cells.law).toBeUndefined();
});

test("a changed cell says whether it is still awaited", async () => {
  const source = new RowSource(plain);
  await source.read(0, 2, "position");
  source.apply([{ ...changed("d0", "Utah"), awaited: false }]);
  source.apply([{ ...changed("d1", "Utah"), awaited: true }]);
  expect(source.loaded.get("d0")!.awaited).toEqual(["date"]);
  expect(source.loaded.get("d1")!.awaited).toEqual(["date", "law"]);
});

test("a cell that changes while its window is on its way is not lost", async () => {
  let send = () => {};
  const sent = new Promise<void>((resolve) => (send = resolve));
  const slow: Reads = { ...plain, rows: async () => (await sent, { rows: [row(1)], total: 1 }) };
  const source = new RowSource(slow);
  const reading = source.read(0, 1, "position");
  source.apply([changed("d1", "Utah")]);
  send();
  await reading;
  expect(source.loaded.get("d1")!.cells.law!.summary).toBe("Utah");
});
