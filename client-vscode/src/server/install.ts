/**
 * A private environment with the server in it, in the extension's storage: made by `python -m venv` and pip.
 *
 * The server's own wheel comes with the extension, so both fit; what it depends on comes from the package index that pip is set up
 * for, through the proxy that the editor is set up for. One that was not finished is made anew. Knows nothing of the editor.
 */

import { readdir, rm } from "node:fs/promises";
import * as path from "node:path";

import { binaries } from "./candidates";
import { noPython, notInstalled, type Problem } from "./problem";
import { run } from "./run";

const QUICK_MS = 20_000;
const LONG_MS = 30 * 60_000;

export interface Order {
  /** Where to make the environment. */
  environment: string;
  /** The folder with the wheel. */
  wheels: string;
  /** Interpreters to try, best first. */
  pythons: readonly string[];
  /** Given to `pip install` beside our own. */
  pipArguments: readonly string[];
  proxy: string;
  windows: boolean;
  signal: AbortSignal;
  hears: (text: string) => void;
}

/** Make the environment. Null when it is there, or what went wrong. */
export async function install(order: Order): Promise<Problem | null> {
  const python = await suitable(order);
  if (python === null) {
    return noPython;
  }
  const wheel = await wheelIn(order.wheels);
  await rm(order.environment, { recursive: true, force: true });
  const made = await step(order, python, ["-m", "venv", order.environment]);
  const inside = path.join(binaries(order.environment, order), order.windows ? "python.exe" : "python");
  const done = made.status === 0 ? await step(order, inside, pip(order, wheel)) : made;
  if (done.status === 0) {
    return null;
  }
  await rm(order.environment, { recursive: true, force: true });
  return made.status === 0 ? notInstalled(complaint(done.said)) : noPython;
}

/** The arguments for pip. */
export function pip({ pipArguments, proxy }: Order, wheel: string): string[] {
  const through = proxy === "" ? [] : ["--proxy", proxy];
  return ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", ...through, ...pipArguments, wheel];
}

/** The wheel that comes with the extension. */
export async function wheelIn(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /^codectxd-.*\.whl$/.test(name)).sort();
  return path.join(folder, names.at(-1) ?? "");
}

/** What somebody without a network has to do, as a page of Markdown. */
export function offlinePage(wheel: string): string {
  return `# Installing codectxd without a network

The server's own wheel came with the extension. What it depends on has to come from a machine that reaches a package index.

1. On that machine, with the same system and the same version of Python (3.11 or later), and a copy of the file
   \`${wheel}\`:

       python3 -m pip download --dest codectxd-wheels ${path.basename(wheel)}

2. Bring the folder \`codectxd-wheels\` to this machine, to \`/some/folder\` for example.

3. Set \`codectxd.server.pipArguments\` to \`["--no-index", "--find-links", "/some/folder/codectxd-wheels"]\` and run the command
   **codectxd: Install the Server**.

Behind a proxy: set \`http.proxy\`. With a package index of your own: set \`codectxd.server.pipArguments\`, or pip's own configuration.
An installation of your own works as well: put \`codectxd\` on \`PATH\`, or name it in \`codectxd.server.path\`.
`;
}

async function suitable({ pythons, signal }: Order): Promise<string | null> {
  const test = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
  for (const python of pythons) {
    if ((await run(python, ["-c", test], { deadlineMs: QUICK_MS, signal })).status === 0) {
      return python;
    }
  }
  return null;
}

function step(order: Order, file: string, args: readonly string[]) {
  order.hears(`${file} ${args.join(" ")}\n`);
  return run(file, args, { deadlineMs: LONG_MS, signal: order.signal, hears: order.hears });
}

/** pip's first error, which says more than its last line. */
function complaint(said: string): string {
  return said.split(/\r?\n/).find((line) => line.startsWith("ERROR:")) ?? said;
}
