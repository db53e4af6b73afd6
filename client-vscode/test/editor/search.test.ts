/** Searching as a person does: typing, looking, opening. In each version of the real editor, by keyboard alone. */

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Editor } from "../support/editor";
import { photographed } from "../support/evidence";
import { remove, repository, temporary, until, wantedVersions } from "../support/machine";
import { SHOP } from "../support/shop";

describe.each(wantedVersions)("VS Code %s", (version) => {
  let editor: Editor;
  const folder = temporary();
  const workspace = join(folder, "shop");

  beforeAll(async () => {
    repository(workspace, SHOP);
    editor = await Editor.start({ version, workspace });
    await editor.ready();
  });

  afterAll(async () => {
    await editor?.end();
    remove(folder);
  });

  photographed(() => editor, version);

  test("a question in plain words finds the right lines and opens them", async () => {
    await editor.search();
    await editor.type("try again after a failure");
    await editor.firstRow(/deliver_with_retries, shop\/delivery\.py:6/);
    await editor.press("Enter");
    await editor.atPlace("delivery.py:6");
  });

  test("the definition of a name comes first", async () => {
    await editor.search();
    await editor.type("Cart");
    await editor.firstRow(/symbol-class +Cart, shop\/cart\.py:4/);
    await editor.press("Enter");
    await editor.atPlace("cart.py:4");
  });

  test("what stands in quotes is found as it stands, and at its line", async () => {
    await editor.search();
    await editor.type('"card numbers whose"');
    await until("one row is left", async () => {
      const rows = await editor.rows();
      return rows.length === 1 && rows[0]?.includes("web/checkout.ts:8");
    });
    await editor.press("Enter");
    await editor.atPlace("checkout.ts:8");
  });

  test("rows stand in the order of the answer, whatever their labels", async () => {
    // In quotes, since what an editor has open comes a little forward otherwise, which the command line knows nothing of.
    const query = '"the" discount';
    await editor.search();
    await editor.type(query);
    const wanted = JSON.parse(editor.codectxd("search", query, workspace, "-k", "20", "--json")).hits as { path: string }[];
    expect(wanted.length).toBeGreaterThan(3);
    await until("the rows are those of the answer, in its order", async () => {
      const rows = await editor.rows();
      return rows.length === wanted.length && rows.every((row, at) => row.includes(`${wanted[at]?.path}:`));
    });
  });

  test("languages and folders are completed with Tab, and narrow the answer down", async () => {
    await editor.search();
    await editor.type("lang:types");
    await editor.rowsWith(/lang:typescript/);
    await editor.press("Tab");
    await editor.box("lang:typescript ");
    await editor.type("path:we");
    await editor.rowsWith(/path:web\//);
    await editor.press("Tab");
    await editor.box("lang:typescript path:web/ ");
    await editor.type("card number");
    await editor.firstRow(/isValidCard/);
    expect((await editor.rows()).every((row) => row.includes("web/checkout.ts"))).toBe(true);
  });

  test("a kind of content is completed, and a mistaken filter is answered with what to do", async () => {
    await editor.search();
    await editor.type("content:do");
    await editor.rowsWith(/content:docs/);
    await editor.press("Tab");
    await editor.box("content:docs ");
    await editor.type("money back");
    await editor.firstRow(/docs\/refunds\.md/);
    await editor.press("Control+a");
    await editor.type("lang:klingon money");
    await editor.rowsWith(/klingon/);
  });

  test("moving shows a hit and leaves the focus; Escape brings back what was there", async () => {
    await editor.open("refunds.md");
    await editor.search();
    await editor.type("voucher percentage");
    await editor.firstRow(/ apply_voucher, shop\/discount\.py/);
    await editor.press("ArrowDown", "ArrowUp");
    await editor.atPlace("discount.py:4");
    expect(await editor.page.getByPlaceholder("Ask in plain words").evaluate((box) => box === document.activeElement)).toBe(true);
    await editor.press("Escape");
    await until("the document is back", async () => (await editor.place()).startsWith("refunds.md:"));
  });

  test("Ctrl+\\ opens to the side", async () => {
    await editor.open("refunds.md");
    await editor.search();
    await editor.type("estimate_arrival");
    await editor.firstRow(/estimate_arrival/);
    await editor.press("Control+\\");
    await editor.atPlace("delivery.py:18");
    expect(await editor.page.locator(".editor-group-container").count()).toBe(2);
  });

  test("with nothing typed, earlier questions are offered", async () => {
    await editor.search();
    await editor.rowsWith(/try again after a failure/);
    await editor.page.keyboard.press("End");
    await editor.type("again after a fail");
    await editor.rowsWith(/deliver_with_retries/);
  });

  test("code like the selection is found, copies first", async () => {
    await editor.open("checkout.ts");
    await editor.press("Control+End", ...Array(10).fill("Shift+ArrowUp"));
    await editor.command("codectxd: Find Similar Code");
    await editor.firstRow(/luhn, tools\/luhn\.js/);
    await expect(editor.page.locator(".quick-input-title").textContent()).resolves.toMatch(
      /like lines \d+–20 of web\/checkout\.ts: \d+ hits/,
    );
  });

  test("nothing went wrong in the page", () => {
    expect(editor.errors.filter((one) => /codectxd/.test(one))).toEqual([]);
  });
});
