/**
 * Tells what keeps the server from running, once for each problem, with the one action that mends it; and installs the server into
 * the extension's own environment when somebody says so.
 */

import * as vscode from "vscode";

import type { Context } from "../context";
import { install, offlinePage, wheelIn } from "../server/install";
import { environment, pythons } from "../server/locate";
import type { Action, Problem } from "../server/problem";

export function activate(context: Context): void {
  let told = "";
  context.command("codectxd.install", () => installPrivately(context));
  context.command("codectxd.repair", () => context.problem && act(context, context.problem));
  context.subscribe(
    context.onDidChangeConnection(({ state }) => {
      const message = state === "broken" ? (context.problem?.message ?? "") : state === "running" ? "" : told;
      if (message !== told && message !== "" && context.problem) {
        void tell(context, context.problem);
      }
      told = message;
    }),
  );
}

async function tell(context: Context, problem: Problem): Promise<void> {
  const chosen = await vscode.window.showWarningMessage(`codectxd: ${problem.message}`, problem.button);
  if (chosen) {
    await act(context, problem);
  }
}

function act(context: Context, { action, message }: Problem): unknown {
  const actions: Record<Action, () => unknown> = {
    install: () => installPrivately(context),
    settings: () => vscode.commands.executeCommand("workbench.action.openSettings", settingIn(message)),
    update: () =>
      vscode.commands.executeCommand("workbench.extensions.action.showExtensionsWithIds", [context.extension.extension.id]),
    log: () => context.log.show(),
    restart: () => context.restart(),
    offline: () => showOfflinePage(context),
  };
  return actions[action]();
}

function settingIn(message: string): string {
  return /codectxd\.server\.\w+/.exec(message)?.[0] ?? "codectxd.server";
}

async function installPrivately(context: Context): Promise<void> {
  const options = { location: vscode.ProgressLocation.Notification, title: "codectxd: installing the server", cancellable: true };
  await context.stop();
  context.announce({ state: "installing" });
  const problem = await vscode.window.withProgress(options, async (progress, token) => {
    const source = new AbortController();
    token.onCancellationRequested(() => source.abort());
    const hears = (text: string) => {
      context.log.info(text.trimEnd());
      progress.report({ message: text.trim().split(/\r?\n/).at(-1)?.slice(0, 80) });
    };
    return install({
      environment: environment(context),
      wheels: wheels(context),
      pythons: await pythons(context),
      pipArguments: context.settings.pipArguments,
      proxy: vscode.workspace.getConfiguration("http").get("proxy", ""),
      windows: process.platform === "win32",
      signal: source.signal,
      hears,
    });
  });
  await context.restart();
  if (problem) {
    await tell(context, problem);
  }
}

async function showOfflinePage(context: Context): Promise<void> {
  const content = offlinePage(await wheelIn(wheels(context)));
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content });
  await vscode.window.showTextDocument(document);
}

function wheels(context: Context): string {
  return context.extension.asAbsolutePath("server");
}
