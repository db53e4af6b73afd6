/** The history of questions of this workspace, kept by the editor; every window of it sees the same. */

import type { Context } from "./context";
import { remembered } from "./text/history";

const KEY = "history";

export class History {
  constructor(private readonly context: Context) {}

  /** Newest first. */
  get all(): string[] {
    return this.context.extension.workspaceState.get<string[]>(KEY, []).slice(0, this.context.settings.historySize);
  }

  add(query: string): void {
    const kept = remembered(this.all, query, this.context.settings.historySize);
    void this.context.extension.workspaceState.update(KEY, kept);
  }

  clear(): void {
    void this.context.extension.workspaceState.update(KEY, []);
  }
}
