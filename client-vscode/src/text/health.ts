/**
 * What the status item says: one of a few states, out of all that is known at a moment. Pure.
 *
 * The worst comes first. It never says "ready" of what was not reported ready.
 */

import type { Freshness, WorkspaceStatus } from "../protocol";
import { lasting, missing, percent } from "./freshness";

export type Connection =
  | { state: "off"; why: string }
  | { state: "finding" | "starting" | "installing" }
  | { state: "running" }
  | { state: "broken"; title: string; message: string };

export interface Known {
  connection: Connection;
  workspaces: readonly WorkspaceStatus[];
  /** As of the last look, or null before the first. */
  freshness: Freshness | null;
  /** Open documents with unsaved text that is searched. */
  unsaved: number;
}

export interface Health {
  kind: "off" | "starting" | "indexing" | "ready" | "degraded" | "broken";
  icon: string;
  label: string;
  /** Sentences, for the tooltip and for who hears rather than sees. */
  lines: string[];
}

/** The state of things. */
export function health(known: Known): Health {
  const { connection } = known;
  if (connection.state === "off") {
    return { kind: "off", icon: "circle-slash", label: "codectxd: off", lines: [connection.why] };
  }
  if (connection.state === "broken") {
    return { kind: "broken", icon: "error", label: `codectxd: ${connection.title}`, lines: [connection.message] };
  }
  if (connection.state !== "running") {
    return { kind: "starting", icon: "sync~spin", label: `codectxd: ${connection.state}`, lines: [WAITING[connection.state]] };
  }
  return running(known);
}

const WAITING = {
  finding: "Looking for the server.",
  starting: "The server is starting.",
  installing: "The server is being installed.",
};

function running({ workspaces, freshness, unsaved }: Known): Health {
  const failed = workspaces.filter((one) => one.phase === "failed");
  const lines = workspaces.map(described);
  if (failed.length > 0) {
    const why = failed.map((one) => `${one.root}: ${one.message ?? "it failed"}`);
    return { kind: "broken", icon: "error", label: "codectxd: cannot index", lines: why };
  }
  const busy = workspaces.filter((one) => one.phase === "indexing");
  if (busy.length > 0) {
    return { kind: "indexing", icon: "sync~spin", label: `codectxd: indexing ${progress(busy)}`, lines };
  }
  if (workspaces.length === 0 || workspaces.some((one) => one.phase !== "ready")) {
    return { kind: "starting", icon: "sync~spin", label: "codectxd: starting", lines: ["The index is being opened."] };
  }
  const reasons = missing(degradations(workspaces, freshness));
  const said = unsaved > 0 ? [...lines, `${documents(unsaved)} with unsaved text, included.`] : lines;
  const note = unsaved > 0 ? `, ${unsaved} unsaved` : "";
  if (reasons.length > 0) {
    return { kind: "degraded", icon: "warning", label: `codectxd: degraded${note}`, lines: [...reasons.map(sentence), ...said] };
  }
  return { kind: "ready", icon: "search", label: `codectxd: ready${note}`, lines: said };
}

/** What is missing: as the last answer said, and as the watchers do. */
function degradations(workspaces: readonly WorkspaceStatus[], freshness: Freshness | null): string[] {
  const names = new Set(lasting(freshness?.degraded ?? []));
  if (workspaces.some((one) => one.watcher !== "ok" && one.watcher !== "")) {
    names.add("watcher");
  }
  return [...names].sort();
}

function progress(busy: readonly WorkspaceStatus[]): string {
  const total = busy.reduce((sum, one) => sum + (one.total ?? 0), 0);
  const done = busy.reduce((sum, one) => sum + (one.done ?? 0), 0);
  return total > 0 ? percent(Math.min(done / total, 0.99)) : "0 %";
}

function described(one: WorkspaceStatus): string {
  const name = one.root.split(/[/\\]/).at(-1) ?? one.root;
  const branch = one.branch ? ` on ${one.branch}` : "";
  const waiting = one.pending > 0 ? `, ${one.pending} to be looked at` : "";
  const left = one.skipped > 0 ? `, ${one.skipped} left out` : "";
  const follows = one.role === "follower" ? "; another process writes its index" : "";
  return `${name}${branch}: ${one.files} files${waiting}${left}${follows}${filled(one)}.`;
}

/** How far the model is that is to answer next. */
function filled({ filling, model }: WorkspaceStatus): string {
  if (!filling || filling.total === 0) {
    return "";
  }
  if (filling.problem) {
    return `; the model ${filling.model} cannot take over: ${filling.problem.replace(/\.$/, "")}`;
  }
  const share = percent(Math.min(filling.done / filling.total, 0.99));
  return `; ${share} of its texts are embedded by ${filling.model}${filling.model === model ? "" : ", which answers next"}`;
}

function documents(count: number): string {
  return count === 1 ? "1 document" : `${count} documents`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
