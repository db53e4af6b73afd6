/**
 * Where a server may be, in the order in which it is looked for. Pure: whoever asks looks whether it is there.
 *
 *   1. what `codectxd.server.path` says: that alone, wherever it is set
 *   2. beside the interpreter that the workspace works with (only in a workspace that is trusted)
 *   3. on PATH
 *   4. in the private environment in the extension's storage
 */

import * as path from "node:path";

export interface Surroundings {
  setting: string;
  trusted: boolean;
  /** The interpreter that the Python extension says is the workspace's, if there is one. */
  interpreter: string | null;
  folders: readonly string[];
  searchPath: string;
  environment: string;
  home: string;
  windows: boolean;
}

export interface Candidate {
  source: "setting" | "workspace" | "PATH" | "private environment";
  file: string;
}

/** Files that would be the server, best first. */
export function candidates(around: Surroundings): Candidate[] {
  const setting = expanded(around.setting.trim(), around);
  if (setting !== "") {
    return [{ source: "setting", file: setting }];
  }
  const found: Candidate[] = [];
  if (around.trusted) {
    const interpreters = around.interpreter ? [path.dirname(around.interpreter)] : [];
    const usual = around.folders.flatMap((folder) => [".venv", "venv"].map((name) => binaries(path.join(folder, name), around)));
    found.push(...[...interpreters, ...usual].map((folder) => ({ source: "workspace" as const, file: inside(folder, around) })));
  }
  const folders = around.searchPath.split(around.windows ? ";" : ":").filter((folder) => path.isAbsolute(folder));
  found.push(...folders.map((folder) => ({ source: "PATH" as const, file: inside(folder, around) })));
  found.push({ source: "private environment", file: inside(binaries(around.environment, around), around) });
  return found.filter((one, at) => found.findIndex((other) => other.file === one.file) === at);
}

/** Where an environment of Python keeps its programs. */
export function binaries(environment: string, { windows }: { windows: boolean }): string {
  return path.join(environment, windows ? "Scripts" : "bin");
}

function inside(folder: string, { windows }: { windows: boolean }): string {
  return path.join(folder, windows ? "codectxd.exe" : "codectxd");
}

/** `~` and `${workspaceFolder}` as people write them in settings. */
function expanded(setting: string, { folders, home }: Surroundings): string {
  return setting.replace(/^~(?=[/\\]|$)/, () => home).replaceAll("${workspaceFolder}", () => folders[0] ?? "");
}
