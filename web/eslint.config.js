import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import ts from "typescript-eslint";

export default defineConfig(
  { ignores: ["src/api/schema.d.ts"] },
  {
    files: ["src/**/*.{ts,tsx}"],
    extends: [ts.configs.recommended, hooks.configs.flat.recommended],
    linterOptions: { reportUnusedDisableDirectives: "error" },
  },
);
