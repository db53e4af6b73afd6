/**
 * `npm run screenshots`: the pictures of the READMEs, taken from the real editor in a light, a dark and a high-contrast theme.
 *
 * They go to `media/screenshots`, which the repository keeps; look at them before you commit them.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";

import { Editor } from "../support/editor";
import { EVIDENCE } from "../support/evidence";
import { remove, repository, temporary, until, wantedVersions } from "../support/machine";
import { SHOP } from "../support/shop";

const THEMES: [string, string][] = [
  ["light", "Default Light Modern"],
  ["dark", "Default Dark Modern"],
  ["contrast", "Default High Contrast"],
];

/** The pictures that the READMEs show; the others are evidence, and stay out of the repository. */
const KEPT = process.env.CODECTXD_PICTURES ?? join(EVIDENCE, "pictures");

test.each(THEMES)(
  "%s",
  async (name, theme) => {
    const folder = temporary();
    const workspace = join(folder, "shop");
    repository(workspace, SHOP);
    mkdirSync(KEPT, { recursive: true });
    const version = wantedVersions.at(-1) ?? "1.139";
    const settings = { "workbench.colorTheme": theme, "editor.minimap.enabled": false, "editor.fontSize": 13 };
    const editor = await Editor.start({ version, workspace, machineSettings: settings, size: { width: 1120, height: 640 } });
    const picture = (what: string) => editor.page.screenshot({ path: join(KEPT, `${name}-${what}.png`) });
    try {
      await editor.ready();
      await editor.open("delivery.py");
      await editor.press("Control+Alt+Shift+k");
      const view = await editor.view();
      await view.locator("#query").fill("path:shop voucher percentage off");
      await view.locator("[aria-level='2']").first().waitFor();
      await until("it is marked", async () => (await view.locator("mark").count()) > 0);
      await view.locator("#query").press("ArrowDown");
      await view.locator("[aria-level='2']").first().press("?");
      await picture("view");
      await editor.search();
      await editor.type("try again after a failure");
      await editor.firstRow(/deliver_with_retries/);
      await picture("search");
      await editor.page.keyboard.press("Control+a");
      await editor.type("lang:py");
      await editor.rowsWith(/lang:/);
      await picture("complete");
      await editor.press("Escape");
      await editor.page
        .locator(".statusbar-item")
        .filter({ hasText: /codectxd/ })
        .click();
      await editor.rowsWith(/Restart the server/);
      await picture("status");
    } finally {
      await editor.end();
      remove(folder);
    }
  },
  120_000,
);
