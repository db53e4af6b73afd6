/** Tells `find` about the editor's surroundings: settings, trust, the interpreter that the Python extension chose, storage. */

import * as os from "node:os";
import * as vscode from "vscode";

import { type Context, localFolders } from "../context";
import { type Found, find } from "./find";
import type { Problem } from "./problem";

const WINDOWS = process.platform === "win32";

/** The server, or what is wrong. */
export async function locate(context: Context): Promise<Found | Problem> {
  const around = {
    setting: context.settings.path,
    trusted: vscode.workspace.isTrusted,
    interpreter: vscode.workspace.isTrusted ? await chosenInterpreter() : null,
    folders: localFolders().map((folder) => folder.uri.fsPath),
    searchPath: process.env.PATH ?? "",
    environment: environment(context),
    home: os.homedir(),
    windows: WINDOWS,
  };
  return find(around, (line) => context.log.info(line));
}

/** Where the private environment is, or would be. */
export function environment(context: Context): string {
  return vscode.Uri.joinPath(context.extension.globalStorageUri, "server").fsPath;
}

/** Interpreters that an environment may be made with, best first. */
export async function pythons(context: Context): Promise<string[]> {
  const setting = context.settings.python.trim();
  if (setting !== "") {
    return [setting];
  }
  const chosen = vscode.workspace.isTrusted ? await chosenInterpreter() : null;
  const usual = WINDOWS ? ["py", "python"] : ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"];
  return chosen ? [...usual, chosen] : usual;
}

/** What we use of the Python extension's interface. */
interface PythonExtension {
  environments?: { getActiveEnvironmentPath(resource?: vscode.Uri): { path: string } };
}

async function chosenInterpreter(): Promise<string | null> {
  const python = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  try {
    const file = (await python?.activate())?.environments?.getActiveEnvironmentPath(localFolders()[0]?.uri).path;
    return file && /[/\\]/.test(file) ? file : null;
  } catch {
    return null;
  }
}
