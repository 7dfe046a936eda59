/** Each file's classes are defined and used: neither TypeScript nor the browser would report it. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const read = (file: string) => readFileSync(file, "utf8");
const sources = globSync("src/**/*.{ts,tsx}").filter((file) => !file.includes(".test."));
const imports = sources.flatMap((file) =>
  [...read(file).matchAll(/import (\w+) from "(\S+\.module\.css)"/g)].map(([, alias, path]) => ({
    file,
    alias: alias!,
    css: join(dirname(file), path!),
  })),
);
const definedIn = (css: string) =>
  new Set(
    [
      ...read(css)
        .replace(/:global\([^)]*\)/g, "")
        .matchAll(/\.([a-z]\w*)(?=[^{}]*\{)/gi),
    ].map(([, name]) => name!),
  );

test.each(imports)("$file names only classes of $css", ({ file, alias, css }) => {
  const used = [...read(file).matchAll(new RegExp(`\\b${alias}\\.(?!module)(\\w+)`, "g"))].map(([, name]) => name!);
  const defined = definedIn(css);
  expect(used.filter((name) => !defined.has(name))).toEqual([]);
});

test.each(globSync("src/**/*.module.css"))("every class of %s is used", (css) => {
  const users = imports.filter((one) => one.css === css).map(({ file }) => read(file));
  const composed = globSync("src/**/*.module.css")
    .map(read)
    .filter((text) => text.includes(css.split("/").at(-1)!));
  const helpers = css.endsWith("cells.module.css") ? [read("src/grid/appearance.ts")] : [];
  const flags = ["green", "yellow", "red", "grey"]; // by the flag of an answer
  const text = [...users, ...composed, ...helpers, flags.join(" ")].join("\n");
  expect([...definedIn(css)].filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});
