/**
 * The status item: what the extension knows of the server, and nothing better than that.
 *
 * Phases and progress come from the daemon as they change; what is degraded comes with each answer, and is asked for again as
 * long as something is. A click opens the details.
 */

import * as vscode from "vscode";

import { type Context, localFolders } from "../context";
import { type Freshness, STATUS, type Status, WAIT_FRESH, type WaitFreshAnswer, type WorkspaceStatus } from "../protocol";
import { lasting } from "../text/freshness";
import { type Health, health } from "../text/health";

const LOOK_AGAIN_MS = 3_000;

export function activate(context: Context): void {
  const item = new StatusItem(context);
  context.subscribe(item);
  context.command("codectxd.health", () => item.health);
}

class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("codectxd.status", vscode.StatusBarAlignment.Left, 0);
  private readonly workspaces = new Map<string, WorkspaceStatus>();
  private freshness: Freshness | null = null;
  private alarm: NodeJS.Timeout | undefined;

  constructor(private readonly context: Context) {
    this.item.name = "codectxd";
    this.item.command = "codectxd.showStatus";
    context.subscribe(
      context.onDidChangeConnection(() => void this.reconnected()),
      context.onDidChangeStatus((status) => this.heard(status)),
      context.onDidAnswer((freshness) => this.answered(freshness)),
      vscode.workspace.onDidChangeTextDocument(() => this.draw()),
      vscode.workspace.onDidSaveTextDocument(() => this.draw()),
      vscode.workspace.onDidCloseTextDocument(() => this.draw()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.foldersChanged()),
    );
    this.draw();
    this.item.show();
  }

  get health(): Health {
    return health({
      connection: this.context.connection,
      workspaces: [...this.workspaces.values()],
      freshness: this.freshness,
      unsaved: this.context.settings.includeUnsaved ? unsaved() : 0,
    });
  }

  private async reconnected(): Promise<void> {
    this.workspaces.clear();
    this.freshness = null;
    this.draw();
    if (this.context.connection.state === "running") {
      await this.ask();
    }
  }

  private async foldersChanged(): Promise<void> {
    if (this.context.connection.state === "off") {
      await this.context.restart();
    } else {
      this.workspaces.clear();
      await this.ask();
    }
  }

  /** What the daemon says of every folder, of which it has perhaps said nothing since something changed. */
  private async ask(): Promise<void> {
    try {
      const status = await this.context.request<Status>(STATUS, { roots: this.context.roots });
      for (const one of status.workspaces) {
        this.workspaces.set(one.root, one);
      }
      this.draw();
      this.lookAgain(0);
    } catch (problem) {
      this.context.log.warn(`The status is not known: ${problem}`);
    }
  }

  private heard(status: WorkspaceStatus): void {
    const wasReady = this.workspaces.get(status.root)?.phase === "ready";
    this.workspaces.set(status.root, status);
    this.draw();
    if (status.phase === "ready" && !wasReady) {
      this.lookAgain(0);
    }
  }

  private answered(freshness: Freshness): void {
    this.freshness = freshness;
    this.draw();
    if (lasting(freshness.degraded).length > 0) {
      this.lookAgain(LOOK_AGAIN_MS);
    }
  }

  /** Ask what is degraded; the answer comes by way of the context. */
  private lookAgain(inMs: number): void {
    clearTimeout(this.alarm);
    this.alarm = setTimeout(() => {
      this.context.request<WaitFreshAnswer>(WAIT_FRESH, { timeoutMs: 1 }).catch((problem) => {
        this.context.log.debug(`Freshness is not known: ${problem}`);
      });
    }, inMs);
  }

  private draw(): void {
    const { kind, icon, label, lines } = this.health;
    this.item.text = `$(${icon}) ${label}`;
    const tooltip = new vscode.MarkdownString(lines.map((line) => `- ${escaped(line)}`).join("\n"));
    tooltip.appendMarkdown("\n\nClick for details and actions.");
    this.item.tooltip = tooltip;
    this.item.backgroundColor = COLOURS[kind];
    this.item.accessibilityInformation = { label: [label, ...lines].join(". "), role: "button" };
  }

  dispose(): void {
    clearTimeout(this.alarm);
    this.item.dispose();
  }
}

const COLOURS: Partial<Record<Health["kind"], vscode.ThemeColor>> = {
  broken: new vscode.ThemeColor("statusBarItem.errorBackground"),
  degraded: new vscode.ThemeColor("statusBarItem.warningBackground"),
};

/** Open documents of the workspace with text that is not on disk. */
function unsaved(): number {
  const folders = localFolders();
  return vscode.workspace.textDocuments.filter(({ isDirty, uri }) => {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    return isDirty && uri.scheme === "file" && folder !== undefined && folders.includes(folder);
  }).length;
}

function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-!<>|~]/g, "\\$&");
}
