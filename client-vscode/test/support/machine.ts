/**
 * What the tests in the real editor run on: folders of their own, and where editors, VSIX and server are.
 *
 * `CODECTXD_EDITORS` is the folder that `scripts/editors.sh` fills, `CODECTXD_VSIX` the packaged extension, `CODECTXD_BIN` the
 * folder of an installed `codectxd`. A test fails where one of them is not there: nothing is skipped.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

export const VERSIONS = ["1.100", "1.139"] as const;
export type Version = (typeof VERSIONS)[number];

/** The versions to drive: both, unless `CODECTXD_VSCODE` names one. */
export const wantedVersions = VERSIONS.filter((version) => [undefined, "", version].includes(process.env.CODECTXD_VSCODE));

export const vsix = given("CODECTXD_VSIX");
export const binaries = given("CODECTXD_BIN");

export function node(version: Version): string {
  return join(given("CODECTXD_EDITORS"), `vscode-${version}`, "node");
}

export function serverMain(version: Version): string {
  return join(given("CODECTXD_EDITORS"), `vscode-${version}`, "package/lib/vscode/out/server-main.js");
}

/** Chromium, by one of the names that it goes by. */
export function chromiumProgram(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const files = ["chromium", "google-chrome", "chromium-browser"].flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = files.find((file) => existsSync(file));
  if (!found) {
    throw new Error("Chromium is not installed: the Debian package chromium brings it.");
  }
  return found;
}

function given(name: string): string {
  const value = process.env[name];
  if (!value || !existsSync(value)) {
    throw new Error(`${name} must name what is there, and is ${value || "not set"}: see client-vscode/README.md.`);
  }
  return value;
}

/** A folder that is gone with `remove`. Its name is short: the path of a Unix socket has a limit. */
export function temporary(): string {
  return mkdtempSync(join(tmpdir(), "cv-"));
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

/** Write `files`, by path, into a new git repository. */
export function repository(folder: string, files: Record<string, string>): void {
  write(folder, files);
  git(folder, "init", "--quiet", "--initial-branch=main");
  commit(folder, "Begin");
}

export function write(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

export function commit(folder: string, message: string): void {
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "--message", message);
}

export function git(folder: string, ...args: string[]): string {
  const who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"];
  return execFileSync("git", [...who, ...args], { cwd: folder, encoding: "utf8" });
}

/** Wait until `condition` gives something. Fails past the deadline, saying what was waited for. */
export async function until<Value>(
  what: string,
  condition: () => Promise<Value | null | undefined | false> | Value | null | undefined | false,
  deadlineMs = 30_000,
): Promise<Value> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const found = await condition();
    if (found) {
      return found;
    }
    if (Date.now() > end) {
      throw new Error(`waited ${deadlineMs / 1000} s in vain until ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
