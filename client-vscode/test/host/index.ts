/**
 * Tests inside the extension host, against the installed extension: what other extensions, agents and settings see of it.
 *
 * VS Code calls `run`; whoever started the editor reads what is logged and how it ended.
 */

import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as vscode from "vscode";

import type { Health } from "../../src/text/health";

const ID = "codectxd.codectxd";
const TOOL = "codectxd_search";

const tests: [string, () => Promise<void>][] = [];
const check = (name: string, body: () => Promise<void>) => tests.push([name, body]);

export async function run(): Promise<void> {
  let failed = 0;
  for (const [name, body] of tests) {
    try {
      await body();
      console.log(`ok ${name}`);
    } catch (problem) {
      failed += 1;
      console.log(`FAILED ${name}: ${problem instanceof Error ? problem.stack : problem}`);
    }
  }
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  if (failed > 0) {
    throw new Error(`${failed} of ${tests.length} tests failed in the extension host`);
  }
}

check("it is active once the editor has started, and offers every command it says", async () => {
  await ready();
  assert.equal(extension().isActive, true);
  const all = await vscode.commands.getCommands(true);
  const said: { command: string }[] = extension().packageJSON.contributes.commands;
  assert.deepEqual(
    said.filter(({ command }) => !all.includes(command)),
    [],
  );
});

check("it runs where the workspace is", async () => {
  assert.equal(extension().extensionKind, vscode.ExtensionKind.Workspace);
});

check("each setting has the default that its description is about", async () => {
  const properties: Record<string, { default: unknown; markdownDescription: string }> =
    extension().packageJSON.contributes.configuration.properties;
  assert.ok(Object.keys(properties).length <= 12);
  for (const [name, { default: value, markdownDescription }] of Object.entries(properties)) {
    assert.deepEqual(vscode.workspace.getConfiguration().inspect(name)?.defaultValue, value);
    assert.match(markdownDescription, /\.$/);
  }
});

check("definitions are found by the editor's own symbol search", async () => {
  const found = await vscode.commands.executeCommand<vscode.SymbolInformation[]>(
    "vscode.executeWorkspaceSymbolProvider",
    "apply_voucher",
  );
  const [first] = found.filter(({ name }) => name === "apply_voucher");
  assert.equal(first?.location.range.start.line, 3);
});

check("agents have a tool, which answers with lines and freshness", async () => {
  assert.ok(vscode.lm.tools.some(({ name }) => name === TOOL));
  const text = await ask({ query: "try again after a failure" });
  assert.match(text, /^\d hits for: try again after a failure\nAs of generation \d+, unsaved text included; all files covered\./);
  assert.match(text, /shop\/delivery\.py:\d+-\d+ function deliver_with_retries\n/);
});

check("the tool stays within its budget, and says what had no room", async () => {
  const budget = 60;
  const text = await ask({ query: "customer price discount" }, budget);
  assert.ok(words(text) <= budget, `${words(text)} words`);
  assert.match(text, /\d more hits? had no room/);
});

check("the tool takes a kind of content, a limit and a part of the path", async () => {
  assert.match(await ask({ query: "money back", content: "docs", limit: 1 }), /docs\/refunds\.md:/);
  assert.doesNotMatch(await ask({ query: "discount", path: "tests/" }), /shop\/discount\.py:/);
});

check("text that is not saved is found by the tool and counted by the status", async () => {
  const [file] = await vscode.workspace.findFiles("**/cart.py");
  assert.ok(file);
  const document = await vscode.workspace.openTextDocument(file);
  const editor = await vscode.window.showTextDocument(document);
  await editor.edit((edit) =>
    edit.insert(new vscode.Position(document.lineCount, 0), "\n\ndef wrap_as_gift(box):\n    return box\n"),
  );
  await until("it is found", async () => /shop\/cart\.py:\d+-\d+ .*\(unsaved\)/.test(await ask({ query: "wrap_as_gift" })));
  await until("it is counted", async () => /ready, 1 unsaved/.test((await health()).label));
  await vscode.commands.executeCommand("workbench.action.files.revert");
  await until("it is counted no more", async () => /ready$/.test((await health()).label));
});

check("of many restarts at once one is carried out and one waits", async () => {
  await Promise.all([1, 2, 3, 4, 5].map(() => vscode.commands.executeCommand("codectxd.restart")));
  await ready();
  assert.equal(relays(), 1);
  assert.match(await ask({ query: "apply_voucher" }), /shop\/discount\.py/);
});

check("a setting that names another process is followed", async () => {
  const settings = vscode.workspace.getConfiguration("codectxd");
  await settings.update("server.inProcess", true, vscode.ConfigurationTarget.Workspace);
  await until("it runs in process", async () => commands().some((command) => command.includes("--in-process")));
  await ready();
  assert.match(await ask({ query: "apply_voucher" }), /shop\/discount\.py/);
  await settings.update("server.inProcess", undefined, vscode.ConfigurationTarget.Workspace);
  await until("it does no more", async () => !commands().some((command) => command.includes("--in-process")));
  await ready();
});

check("a walkthrough and a view are there", async () => {
  const { walkthroughs, views } = extension().packageJSON.contributes;
  assert.equal(walkthroughs[0].steps.length, 4);
  assert.equal(views.codectxd[0].type, "webview");
});

function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.getExtension(ID);
  assert.ok(found, "the extension is not installed");
  return found;
}

async function health(): Promise<Health> {
  return vscode.commands.executeCommand<Health>("codectxd.health");
}

async function ready(): Promise<void> {
  await until("the status is ready", async () => extension().isActive && (await health()).kind === "ready");
}

async function ask(input: object, budget?: number): Promise<string> {
  const tokenizationOptions = budget ? { tokenBudget: budget, countTokens: async (text: string) => words(text) } : undefined;
  const result = await vscode.lm.invokeTool(TOOL, { input, toolInvocationToken: undefined, tokenizationOptions });
  return result.content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : "")).join("");
}

function words(text: string): number {
  return text.split(/\s+/).length;
}

/** The command lines of the processes that this one started. */
function commands(): string[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  return children.flatMap((pid) => {
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
    } catch {
      return [];
    }
  });
}

function relays(): number {
  return commands().filter((command) => command.includes("--stdio")).length;
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error(`waited in vain until ${what}; the status is ${JSON.stringify(await health())}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
