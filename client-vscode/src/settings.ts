/** The settings, read when they are needed: what changes counts from the next use on. */

import * as vscode from "vscode";

import type { Content } from "./protocol";

export const SECTION = "codectxd";

export interface Settings {
  path: string;
  python: string;
  pipArguments: string[];
  inProcess: boolean;
  limit: number;
  content: Content;
  debounceMs: number;
  preview: boolean;
  includeUnsaved: boolean;
  historySize: number;
}

/** As they are now. */
export function settings(): Settings {
  const read = vscode.workspace.getConfiguration(SECTION);
  return {
    path: read.get("server.path", ""),
    python: read.get("server.python", ""),
    pipArguments: read.get("server.pipArguments", []),
    inProcess: read.get("server.inProcess", false),
    limit: read.get("search.limit", 20),
    content: read.get("search.content", "code"),
    debounceMs: read.get("search.debounce", 60),
    preview: read.get("search.preview", true),
    includeUnsaved: read.get("search.includeUnsaved", true),
    historySize: read.get("history.size", 50),
  };
}

/** Whether a change of settings asks for another server process. */
export function asksForRestart(change: vscode.ConfigurationChangeEvent): boolean {
  return ["server.path", "server.inProcess"].some((name) => change.affectsConfiguration(`${SECTION}.${name}`));
}
