/** Restarts the server: by command, when a setting asks for it, when the workspace is trusted, when a folder is opened. */

import * as vscode from "vscode";

import type { Context } from "../context";
import { asksForRestart } from "../settings";

export function activate(context: Context): void {
  context.command("codectxd.restart", () => context.restart());
  context.subscribe(
    vscode.workspace.onDidChangeConfiguration((change) => asksForRestart(change) && void context.restart()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => context.connection.state !== "running" && void context.restart()),
  );
}
