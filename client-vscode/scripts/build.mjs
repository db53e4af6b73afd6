// Bundles the extension and the page of its view into dist/.

import { copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const shared = { absWorkingDir: root, bundle: true, minify: true, logLevel: "warning", legalComments: "linked" };

await build({
  ...shared,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  platform: "node",
  target: "node20",
  format: "cjs",
  external: ["vscode"],
});
await build({
  ...shared,
  entryPoints: { view: "src/webview/main.ts" },
  outdir: "dist",
  platform: "browser",
  target: "chrome128",
  format: "iife",
});
await copyFile(join(root, "src/webview/view.css"), join(root, "dist/view.css"));
