/** What a test leaves to be looked at: a picture of the editor at the end of each test, named by what it proves. */

import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";

import type { Editor } from "./editor";

/** Where pictures go: `CODECTXD_EVIDENCE`, or `out/` of the extension's folder. */
export const EVIDENCE = process.env.CODECTXD_EVIDENCE || join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "out");

/** Take a picture after each test of this block, then leave whatever is open. */
export function photographed(editor: () => Editor | undefined, prefix: string): void {
  mkdirSync(EVIDENCE, { recursive: true });
  afterEach(async ({ task }) => {
    const name = `${prefix} ${task.name}`.replace(/[^\w.]+/g, "-").slice(0, 100);
    const failed = task.result?.state === "fail" ? "FAILED-" : "";
    await editor()
      ?.page.screenshot({ path: join(EVIDENCE, `${failed}${name}.png`) })
      .catch(() => {});
    await editor()?.press("Escape", "Escape");
  });
}
