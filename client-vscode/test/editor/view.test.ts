/** The view in the side bar: by keyboard alone, and as a screen reader hears it. */

import { join } from "node:path";
import type { Frame } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Editor } from "../support/editor";
import { photographed } from "../support/evidence";
import { remove, repository, temporary, until, wantedVersions } from "../support/machine";
import { SHOP } from "../support/shop";

describe.each(wantedVersions)("VS Code %s", (version) => {
  let editor: Editor;
  let view: Frame;
  const folder = temporary();

  beforeAll(async () => {
    const workspace = join(folder, "shop");
    repository(workspace, SHOP);
    editor = await Editor.start({ version, workspace });
    await editor.ready();
    await editor.press("Control+Alt+Shift+k");
    view = await editor.view();
    await until("the box has the focus", () =>
      view.evaluate(() => document.hasFocus() && document.activeElement?.id === "query"),
    );
  });

  afterAll(async () => {
    await editor?.end();
    remove(folder);
  });

  photographed(() => editor, `${version} view`);

  /** Put a question into the box in place of what is there. */
  async function ask(text: string): Promise<void> {
    await view.locator("#query").focus();
    await view.locator("#query").fill("");
    await editor.type(text);
  }

  /** The label of what the keyboard is at. */
  function focused(): Promise<string> {
    return view.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");
  }

  /** Wait until the first hit is named so: those of what was typed before may still stand there. */
  async function firstHit(wanted: RegExp): Promise<void> {
    const hit = view.locator("[aria-level='2']").first();
    await until(`the first hit is ${wanted}`, async () =>
      wanted.test((await hit.getAttribute("aria-label").catch(() => "")) ?? ""),
    );
  }

  async function said(wanted: RegExp): Promise<void> {
    await until(`the view says ${wanted}`, async () => wanted.test((await view.locator("#status").textContent()) ?? ""));
  }

  test("results come by file, with what was found in them marked", async () => {
    await ask("voucher percentage");
    await firstHit(/apply_voucher/);
    await said(/\d hits in \d files/);
    const files = await view.locator("[aria-level='1']").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
    expect(files[0]).toMatch(/^shop\/discount\.py, \d hits?$/);
    const marked = await view.locator("mark").allTextContents();
    expect(marked.map((text) => text.toLowerCase())).toContain("voucher");
  });

  test("keys walk through the results, look, open, and open to the side", async () => {
    await ask("try again after a failure");
    await firstHit(/deliver_with_retries/);
    await editor.press("ArrowDown");
    await until("the first hit has the focus", async () => (await focused()).includes("deliver_with_retries"));
    await editor.press("Space");
    await until("it is shown", async () => (await editor.place()) === "delivery.py:6");
    await until("the focus stays", async () => (await focused()).includes("deliver_with_retries"));
    await editor.press("ArrowLeft");
    await until("the file has the focus", async () => /^shop\/delivery\.py/.test(await focused()));
    await editor.press("ArrowLeft");
    await until("it is folded", async () => (await view.locator("[aria-level='1'][aria-expanded='false']").count()) === 1);
    await editor.press("ArrowRight", "ArrowRight");
    await until("the hit has the focus again", async () => (await focused()).includes("deliver_with_retries"));
    await editor.press("Control+Enter");
    await until("it is beside", async () => (await editor.page.locator(".editor-group-container").count()) === 2);
  });

  test("why a hit is there is told by a key, on hover, and to a screen reader", async () => {
    await ask("estimate arrival");
    await firstHit(/estimate_arrival/);
    await editor.press("ArrowDown");
    await until("a hit has the focus", async () => (await focused()).includes("estimate_arrival"));
    await editor.press("?");
    await expect(view.locator("#why").textContent()).resolves.toMatch(/^Found by .*words.*Score \d/);
    await editor.press("Escape");
    expect(await view.locator("#why").isVisible()).toBe(false);
    await view.locator("[data-id='1']").hover();
    await view.locator("#why").waitFor({ state: "visible" });
    const description = await view.locator("[data-id='0']").getAttribute("aria-description");
    expect(description).toContain("Found by");
  });

  test("filters are completed, become chips, and are taken out by them", async () => {
    await ask("lang:typesc");
    await view.locator("#completions [role=option]").first().waitFor();
    expect(await view.locator("#query").getAttribute("aria-expanded")).toBe("true");
    await editor.press("ArrowDown", "Enter");
    await editor.type("path:we");
    await view.locator("#completions li", { hasText: "path:web/" }).waitFor();
    await editor.press("Tab");
    await editor.type("digit");
    await said(/hits? in 1 file/);
    expect(await view.locator("[aria-label^='Remove']").allTextContents()).toEqual(["lang:typescript ×", "path:web/ ×"]);
    await view.locator("[aria-label='Remove lang:typescript']").click();
    expect(await view.locator("#query").inputValue()).toBe("path:web/ digit");
  });

  test("the kind of file is chosen by keys", async () => {
    await ask("how is money given back");
    await said(/Nothing|hits? in/);
    await editor.press("Tab");
    expect(await focused()).toBe("Code");
    await editor.press("ArrowRight");
    expect(await focused()).toBe("Docs");
    await until("documentation answers", async () =>
      (await view.locator("[aria-level='1']").allTextContents()).join().includes("refunds.md"),
    );
    await editor.press("ArrowLeft");
  });

  test("Enter remembers a question, and Up brings it back", async () => {
    await ask("card number");
    await editor.press("Enter");
    await said(/hits? in/);
    await ask("");
    await view.locator("#recent .again", { hasText: "card number" }).waitFor();
    await editor.press("ArrowUp");
    await until("the question is back", async () => (await view.locator("#query").inputValue()) === "card number");
    await said(/hits? in/);
  });

  test("a mistaken filter is answered in a sentence", async () => {
    await ask("lang:klingon money");
    await said(/klingon/);
  });

  test("a screen reader finds a box, chips, a live region and a tree, all named", async () => {
    await ask("customers");
    await said(/hits? in/);
    const unnamed = await view.evaluate(() => {
      const wanted =
        "[role=combobox],[role=listbox],[role=radiogroup],[role=group][aria-label],[role=tree],[role=treeitem],button";
      const all = [...document.querySelectorAll(wanted)];
      return all.filter((one) => !(one.getAttribute("aria-label") || one.textContent?.trim())).length;
    });
    expect(unnamed).toBe(0);
    expect(await view.locator("[role=status][aria-live=polite]").count()).toBe(1);
    expect(await view.locator("[role=tree] [tabindex='0']").count()).toBe(1);
  });

  test("what the quick pick found is shown here too", async () => {
    await editor.search();
    await editor.type("loyalty");
    await editor.firstRow(/loyalty_discount/);
    await editor.page.locator(".quick-input-titlebar .action-label, .quick-input-action-bar .action-label").first().click();
    await until(
      "the view asks it",
      async () =>
        (await view
          .locator("#query")
          .inputValue()
          .catch(() => "")) === "loyalty",
    );
    await said(/hits? in/);
  });
});
