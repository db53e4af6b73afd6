/** What a click on the status item shows: how things stand, line by line, and what can be done about it. */

import * as vscode from "vscode";

import type { Context } from "../context";
import type { Health } from "../text/health";

interface Item extends vscode.QuickPickItem {
  command?: string;
}

export function activate(context: Context): void {
  context.command("codectxd.showStatus", () => showStatus(context));
  context.command("codectxd.showLog", () => context.log.show(true));
  context.command("codectxd.showWalkthrough", () =>
    vscode.commands.executeCommand("workbench.action.openWalkthrough", `${context.extension.extension.id}#codectxd.start`, false),
  );
  context.command("codectxd.openSettings", () =>
    vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${context.extension.extension.id}`),
  );
}

async function showStatus(context: Context): Promise<void> {
  const health = await vscode.commands.executeCommand<Health>("codectxd.health");
  const lines: Item[] = health.lines.map((line) => ({ label: `$(info) ${line}`, command: "codectxd.showStatus" }));
  const separator = { label: "Actions", kind: vscode.QuickPickItemKind.Separator };
  const picked = await vscode.window.showQuickPick<Item>(
    [...actions(context), { ...separator, label: "How things stand" }, ...lines],
    {
      title: health.label,
      placeHolder: "What to do",
    },
  );
  if (picked?.command && picked.command !== "codectxd.showStatus") {
    await vscode.commands.executeCommand(picked.command);
  }
}

function actions({ problem, connection }: Context): Item[] {
  const repair = problem
    ? [{ label: `$(wrench) ${problem.button}`, description: problem.message, command: "codectxd.repair" }]
    : [];
  const running =
    connection.state === "running"
      ? [
          { label: "$(search) Search", command: "codectxd.search" },
          { label: "$(list-tree) Search in the side bar", command: "codectxd.focusView" },
          { label: "$(refresh) Bring the index up to date", command: "codectxd.reindex" },
        ]
      : [];
  return [
    ...repair,
    ...running,
    { label: "$(debug-restart) Restart the server", command: "codectxd.restart" },
    { label: "$(output) Show the log", command: "codectxd.showLog" },
    { label: "$(gear) Settings", command: "codectxd.openSettings" },
    { label: "$(book) Getting started", command: "codectxd.showWalkthrough" },
    { label: "$(report) Report an issue", command: "codectxd.report" },
  ];
}
