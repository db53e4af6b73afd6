/** What is searched is what is there right now: typed, switched, and after the daemon was killed. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Editor } from "../support/editor";
import { photographed } from "../support/evidence";
import { commit, git, remove, repository, temporary, until, wantedVersions, write } from "../support/machine";
import { SHOP } from "../support/shop";

const RETURNS = `def accept_return(parcel):
    """Take goods back, and note in what state they came."""
    return parcel.condition
`;

describe.each(wantedVersions)("VS Code %s", (version) => {
  let editor: Editor;
  const folder = temporary();
  const workspace = join(folder, "shop");

  beforeAll(async () => {
    repository(workspace, SHOP);
    git(workspace, "checkout", "--quiet", "-b", "returns");
    write(workspace, { "shop/returns.py": RETURNS });
    commit(workspace, "Take goods back");
    git(workspace, "checkout", "--quiet", "main");
    editor = await Editor.start({ version, workspace });
    await editor.ready();
  });

  afterAll(async () => {
    await editor?.end();
    remove(folder);
  });

  photographed(() => editor, `${version} fresh`);

  test("text that is typed and not saved is found, and the status counts it", async () => {
    await editor.open("cart.py");
    await editor.press("Control+End");
    await editor.type("\n\ndef gift_wrapping_fee(boxes):\n    return 3 * boxes\n");
    await until("the status counts it", async () => /ready, 1 unsaved/.test(await editor.statusText()));
    await editor.search();
    await editor.type("gift wrapping fee");
    const rows = await editor.rowsWith(/gift_wrapping_fee/);
    expect(rows[0]).toMatch(/shop\/cart\.py:\d+ +\(unsaved\)/);
    expect(readFileSync(join(workspace, "shop/cart.py"), "utf8")).not.toContain("gift_wrapping_fee");
    await editor.press("Enter");
    await editor.press("Control+s");
    await until("nothing is unsaved", async () => /: ready$/.test((await editor.statusText()).trim()));
  });

  test("after a branch switch the other branch is searched", async () => {
    git(workspace, "checkout", "--quiet", "--force", "returns");
    await editor.search();
    await editor.type("note in what state goods came back");
    await until("the other branch answers", async () => {
      await editor.press("Space", "Backspace");
      return (await editor.rows())[0]?.includes("accept_return");
    });
    await editor.press("Enter");
    await editor.atPlace("returns.py:1");
    git(workspace, "checkout", "--quiet", "main");
  });

  test("the daemon is killed, and one goes on without noticing, unsaved text included", async () => {
    await editor.open("shop/discount.py");
    await editor.press("Control+End");
    await editor.type("\n\ndef birthday_bonus(total):\n    return total - 5\n");
    const { pid } = JSON.parse(editor.codectxd("status", "--json")) as { pid: number };
    process.kill(pid, "SIGKILL");
    await editor.search();
    await editor.type("birthday bonus");
    expect((await editor.rowsWith(/birthday_bonus/))[0]).toContain("(unsaved)");
    await editor.press("Escape");
    await until("the status is ready again", async () => /ready, 1 unsaved/.test(await editor.statusText()));
    const other = JSON.parse(editor.codectxd("status", "--json")) as { pid: number };
    expect(other.pid).not.toBe(pid);
  });

  test("a click on the status shows how things stand and what can be done", async () => {
    await editor.page
      .locator(".statusbar-item")
      .filter({ hasText: /codectxd/ })
      .click();
    const rows = await editor.rowsWith(/Restart the server/);
    expect(rows.join("\n")).toMatch(/shop on main: \d+ files/);
    await editor.type("Bring the index");
    await editor.firstRow(/Bring the index/);
    await editor.press("Enter");
    await editor.toast(/the index is up to date: \d+ files/);
  });

  test("the server is restarted by command", async () => {
    await editor.command("codectxd: Restart the Server");
    await until("it starts", async () => /codectxd: (starting|finding|indexing)/.test(await editor.statusText()));
    await until("it is ready", async () => /codectxd: ready/.test(await editor.statusText()));
  });

  test("a report says what is needed, and nothing of the workspace's text or folders", async () => {
    await editor.command("codectxd: Report an Issue");
    const lines = editor.page.locator(".editor-group-container.active .view-lines");
    await until("it is written", async () => ((await lines.textContent()) ?? "").includes("Versions"));
    const text = ((await lines.textContent()) ?? "").replace(/\s/g, " ");
    expect(text).toMatch(/codectxd \d+\.\d+\.\d+/);
    expect(text).not.toContain(folder);
  });

  test("the walkthrough opens", async () => {
    await editor.command("codectxd: Getting Started");
    await editor.page.getByText("Have the server").first().waitFor();
  });
});
