/**
 * `npm run bench`: from a keystroke to the first result in the quick pick, and how long the extension host needs to activate, both in
 * the real editor over the standard library of Python. Prints; fails only where nothing can be measured.
 */

import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";

import { Editor } from "../support/editor";
import { binaries, remove, repository, temporary, until, wantedVersions } from "../support/machine";

const DEBOUNCE_MS = 60;
const ROUNDS = 3;
const QUESTIONS = [
  "where are retries done",
  "parse a date",
  "run several coroutines at the same time",
  "escape a shell argument",
  "similar words for a misspelled one",
  "order things by what they depend on",
  "insert into a sorted list",
  "read a zip file",
  "TemporaryDirectory",
  "compress with gzip",
  "send an email",
  "lock held by a thread",
  "json decode error",
  "walk a directory tree",
  "command line arguments",
  "regular expression cache",
  "timeout of a socket",
  "percent encode a url",
  "weak references to objects",
  "format a traceback",
];

test.each(wantedVersions)("VS Code %s", async (version) => {
  const folder = temporary();
  const library = join(folder, "library");
  const python = execFileSync(join(binaries, "python"), ["-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"], {
    encoding: "utf8",
  });
  const left = new Set(["site-packages", "__pycache__", "test"]);
  cpSync(python.trim(), library, { recursive: true, dereference: true, filter: (path) => !left.has(basename(path)) });
  repository(library, {});
  const activations: number[] = [];
  let waits: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const settings = { "codectxd.search.debounce": DEBOUNCE_MS };
    const editor = await Editor.start({ version, workspace: library, home: join(folder, "h"), settings });
    try {
      await editor.ready(120_000);
      activations.push(await activation(editor));
      if (round === 0) {
        waits = await latencies(editor);
      }
    } finally {
      await editor.end();
    }
  }
  remove(folder);
  console.log(`VS Code ${version}: activation ${activations.join(", ")} ms`);
  console.log(
    `VS Code ${version}: keystroke to first result after the debounce of ${DEBOUNCE_MS} ms, ${waits.length} questions: ` +
      `median ${quantile(waits, 0.5)} ms, 95th percentile ${quantile(waits, 0.95)} ms, most ${quantile(waits, 1)} ms`,
  );
  expect(waits.length).toBe(QUESTIONS.length * ROUNDS);
  expect(activations.length).toBe(ROUNDS);
});

/** Milliseconds from the last key of each question until its first result is drawn, less the debounce. */
async function latencies(editor: Editor): Promise<number[]> {
  const found: number[] = [];
  for (const question of [...QUESTIONS, ...QUESTIONS, ...QUESTIONS]) {
    await editor.search();
    await until(
      "nothing is listed but earlier questions",
      async () => !(await editor.rows()).some((row) => /\.\w+:\d+/.test(row)),
    );
    await editor.page.evaluate(watch);
    await editor.page.keyboard.insertText(question);
    const drawn = () => editor.page.evaluate(() => (window as Watched).drawnAfterMs);
    found.push(Math.round((await until(`${question} is answered`, drawn)) - DEBOUNCE_MS));
    await editor.press("Escape");
  }
  return found;
}

interface Watched extends Window {
  drawnAfterMs?: number | undefined;
}

/** In the page: measures from the next key on until a frame shows a hit. */
function watch(): void {
  const page = window as Watched;
  page.drawnAfterMs = undefined;
  let since = 0;
  const typed = () => {
    since = performance.now();
  };
  document.addEventListener("input", typed, { capture: true, once: true });
  const look = () => {
    if (since > 0 && document.querySelector(".quick-input-list .monaco-list-row[aria-label*='py:']")) {
      page.drawnAfterMs = performance.now() - since;
    } else {
      requestAnimationFrame(look);
    }
  };
  look();
}

/** What the editor itself says of the extension's activation. */
async function activation(editor: Editor): Promise<number> {
  await editor.command("Developer: Show Running Extensions");
  const row = editor.page
    .locator(".runtime-extensions-editor .monaco-list-row, .monaco-list-row")
    .filter({ hasText: "codectxd" });
  const text = await until("its activation is listed", async () => {
    const all = await row.allTextContents();
    return all.find((one) => /Activation: \d+ms/.test(one));
  });
  return Number(/Activation: (\d+)ms/.exec(text)?.[1]);
}

function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
