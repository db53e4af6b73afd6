// Bundles the extension and the page of its view into dist/.

import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const shared = { absWorkingDir: root, bundle: true, minify: true, logLevel: "warning", legalComments: "none", metafile: true };

const { metafile } = await build({
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
await writeFile(join(root, "dist/ThirdPartyNotices.txt"), await notices(Object.keys(metafile.inputs)));

/** The licences of what was bundled. */
async function notices(inputs) {
  const packages = new Set(inputs.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter(Boolean));
  const texts = [...packages].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
    const file = (await readdir(join(root, folder))).find((one) => /^licen[cs]e/i.test(one));
    return `${name} ${version} (${license})\n\n${file ? await readFile(join(root, folder, file), "utf8") : ""}`;
  });
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n`);
}
