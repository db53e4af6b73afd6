/** Brings the index up to date, with progress that can be called off. */

import * as vscode from "vscode";

import { sentence } from "../asking";
import type { Context } from "../context";
import { REINDEX, REQUEST_CANCELLED, type ReindexAnswer, type WorkspaceStatus } from "../protocol";

export function activate(context: Context): void {
  context.command("codectxd.reindex", () => reindex(context));
}

function reindex(context: Context): Thenable<void> {
  const options = { location: vscode.ProgressLocation.Notification, title: "codectxd", cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    progress.report({ message: "bringing the index up to date" });
    const watching = context.onDidChangeStatus((status) => progress.report({ message: said(status) }));
    try {
      const answer = await context.request<ReindexAnswer>(REINDEX, {}, token);
      const files = answer.workspaces.reduce((sum, one) => sum + one.files, 0);
      const seconds = (answer.tookMs / 1000).toFixed(1);
      void vscode.window.showInformationMessage(`codectxd: the index is up to date: ${files} files, after ${seconds} s.`);
    } catch (problem) {
      if ((problem as { code?: number }).code !== REQUEST_CANCELLED) {
        void vscode.window.showErrorMessage(`codectxd: ${sentence(problem)}`);
      }
    } finally {
      watching.dispose();
    }
  });
}

function said({ root, done, total }: WorkspaceStatus): string {
  const name = root.split(/[/\\]/).at(-1);
  return total ? `${name}: ${done ?? 0} of ${total} files` : `${name}`;
}
