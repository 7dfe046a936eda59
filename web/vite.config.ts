import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** What pdf.js fetches while it draws: fonts that a PDF need not bring along, character maps, its decoder of JPEG 2000. */
function pdfFiles(): Plugin {
  const root = join(import.meta.dirname, "node_modules", "pdfjs-dist");
  return {
    name: "pdf-files",
    apply: "build",
    generateBundle() {
      for (const folder of ["standard_fonts", "cmaps", "wasm"])
        for (const name of readdirSync(join(root, folder)))
          if (!name.endsWith(".wasm"))
            this.emitFile({
              type: "asset",
              fileName: `assets/pdf/${folder}/${name}`,
              source: readFileSync(join(root, folder, name)),
            });
    },
  };
}

export default defineConfig({
  base: "./", // the server knows the path below which the page is opened, and writes it before
  plugins: [react(), pdfFiles()],
  // Readable, and one file's own: Panel-titles.
  css: { modules: { generateScopedName: (name, file) => `${basename(file).split(".")[0]}-${name}` } },
  build: {
    outDir: "../src/columnist/page",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
});
