// Makes the VSIX, without a network: bundles, builds the server's wheel to come with it, and packs both.
// PYTHON names an interpreter with pip and hatchling (default: python3). The first argument is the file to write.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const repository = dirname(root);
const target = resolve(process.argv[2] ?? join(root, "codectxd.vsix"));
const run = (file, args) => execFileSync(file, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });

rmSync(join(root, "server"), { recursive: true, force: true });
mkdirSync(join(root, "server"));
const wheel = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"];
run(process.env.PYTHON ?? "python3", [...wheel, "--wheel-dir", join(root, "server"), repository]);
copyFileSync(join(repository, "LICENSE"), join(root, "LICENSE.txt"));
copyFileSync(join(repository, "CHANGELOG.md"), join(root, "CHANGELOG.md"));
run(process.execPath, [join(root, "scripts", "build.mjs")]);
const vsce = createRequire(import.meta.url).resolve("@vscode/vsce/vsce");
run(process.execPath, [
  vsce,
  "package",
  "--no-dependencies",
  "--allow-missing-repository",
  "--skip-license",
  "--no-rewrite-relative-links",
  "--out",
  target,
]);
