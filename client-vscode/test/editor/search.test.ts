/** Searching as a person does: typing, looking, opening. In each version of the real editor. */

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Editor } from "../support/editor";
import { remove, repository, temporary, wantedVersions } from "../support/machine";
import { SHOP } from "../support/shop";

describe.each(wantedVersions)("VS Code %s", (version) => {
  let editor: Editor;
  const folder = temporary();

  beforeAll(async () => {
    const workspace = join(folder, "shop");
    repository(workspace, SHOP);
    editor = await Editor.start({ version, workspace });
    await editor.ready();
  });

  afterAll(async () => {
    await editor?.end();
    remove(folder);
  });

  test("a question in plain words finds the right lines and opens them", async () => {
    await editor.search();
    await editor.type("try again after a failure");
    const rows = await editor.rowsWith(/deliver_with_retries/);
    expect(rows[0]).toContain("shop/delivery.py:6");
    await editor.press("Enter");
    await editor.atPlace("delivery.py:6");
  });
});
