/**
 * Writes what a report of an issue needs into a document that one reads, and sends oneself: versions, states, settings.
 *
 * No text of the workspace and no name of a file in it; `codectxd doctor --bundle` adds the daemon's log.
 */

import * as vscode from "vscode";

import type { Context } from "../context";
import { STATUS, type Status } from "../protocol";
import type { Health } from "../text/health";

export function activate(context: Context): void {
  context.command("codectxd.report", () => report(context));
}

async function report(context: Context): Promise<void> {
  const health = await vscode.commands.executeCommand<Health>("codectxd.health");
  const content = [
    "# Report of an issue with codectxd\n",
    "<!-- What did you do, what did you expect, what happened? Read what follows before you send it. -->\n\n",
    "## Versions\n",
    `- extension ${context.extension.extension.packageJSON.version}, ${vscode.env.appName} ${vscode.version}, ${process.platform}`,
    `- remote: ${vscode.env.remoteName ?? "no"}, trusted: ${vscode.workspace.isTrusted}`,
    `- server: ${await server(context)}\n`,
    "## How things stand\n",
    `- ${health.label}`,
    ...(context.problem ? [`- ${withoutHome(context.problem.message)}`] : []),
    "\n## Settings\n",
    "```json",
    JSON.stringify({ ...context.settings, path: withoutHome(context.settings.path) }, null, 2),
    "```\n",
    "In a terminal, `codectxd doctor --bundle report.zip` writes the rest: the daemon's log and status, without source text.\n",
  ].join("\n");
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content });
  await vscode.window.showTextDocument(document);
}

async function server(context: Context): Promise<string> {
  if (context.connection.state !== "running") {
    return "not running";
  }
  try {
    const { version, uptimeS, workspaces } = await context.request<Status>(STATUS, { roots: context.roots });
    const phases = workspaces.map((one) => `${one.phase} with ${one.files} files`).join(", ");
    return `codectxd ${version}, up for ${Math.round(uptimeS)} s; folders: ${phases}`;
  } catch (problem) {
    return `does not answer: ${problem}`;
  }
}

function withoutHome(text: string): string {
  const home = process.env.HOME ?? process.env.USERPROFILE ?? "";
  return home === "" ? text : text.replaceAll(home, "~");
}
