/**
 * What may go wrong before a server answers: each with a sentence that says what is so, and the one action that mends it. Pure.
 */

import { SUPPORTED, type Verdict } from "./version";

export type Action = "install" | "settings" | "update" | "log" | "restart" | "offline";

export interface Problem {
  /** Two or three words for the status bar. */
  title: string;
  message: string;
  action: Action;
  button: string;
}

export const missing: Problem = {
  title: "not installed",
  message:
    "The codectxd server is not on this machine. It can be installed into a Python environment that only this extension uses: " +
    "about 300 MB, from the package index that pip is set up for.",
  action: "install",
  button: "Install",
};

export function settingLeadsNowhere(file: string): Problem {
  return {
    title: "no server",
    message: `The setting codectxd.server.path names ${file}, and no program is there: correct it, or empty it to have one found.`,
    action: "settings",
    button: "Open Setting",
  };
}

export function unfit(file: string, version: string, verdict: Verdict): Problem {
  if (verdict === "too new") {
    return {
      title: "server too new",
      message: `${file} is codectxd ${version}, and this extension knows those below ${SUPPORTED.below}: update the extension.`,
      action: "update",
      button: "Show Extension",
    };
  }
  return {
    title: "server too old",
    message: `${file} is codectxd ${version}, and this extension needs ${SUPPORTED.from} or later: it can install its own.`,
    action: "install",
    button: "Install",
  };
}

export function notRunning(file: string, said: string): Problem {
  return {
    title: "server does not start",
    message: `${file} does not run: ${lastLine(said) || "it said nothing"}`,
    action: "log",
    button: "Show Log",
  };
}

export function crashed(said: string): Problem {
  return {
    title: "server ended",
    message: `The codectxd server ended by itself: ${lastLine(said) || "it said nothing"}`,
    action: "restart",
    button: "Restart",
  };
}

export const noPython: Problem = {
  title: "no Python",
  message:
    "Python 3.11 or later with the module venv was not found: install it, or name it in the setting codectxd.server.python.",
  action: "settings",
  button: "Open Setting",
};

export function notInstalled(said: string): Problem {
  return {
    title: "not installed",
    message: `pip could not install the server: ${lastLine(said) || "it said nothing"}`,
    action: "offline",
    button: "What to Do",
  };
}

/** The last thing that a program said, in one line of a length that fits a notification. */
export function lastLine(said: string): string {
  const line = said.trim().split(/\r?\n/).at(-1)?.trim() ?? "";
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
