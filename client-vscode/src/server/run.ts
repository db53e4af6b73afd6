/** Programs that are run to their end: what they printed, and whether they did well. No shell is involved. */

import { spawn } from "node:child_process";

export interface Ran {
  /** The exit status; null where the program could not be started, or was ended. */
  status: number | null;
  /** Standard output and error together, as they came. */
  said: string;
}

export interface Running {
  deadlineMs: number;
  environment?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  hears?: (text: string) => void;
}

/** Run `file`; a program that takes longer than the deadline, or is called off, is ended. */
export function run(file: string, args: readonly string[], running: Running): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      env: running.environment ?? process.env,
      signal: running.signal,
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    let said = "";
    const hear = (data: Buffer) => {
      said += data;
      running.hears?.(data.toString());
    };
    const alarm = setTimeout(() => {
      said += `it took longer than ${running.deadlineMs / 1000} s`;
      child.kill("SIGKILL");
    }, running.deadlineMs);
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", (problem) => {
      clearTimeout(alarm);
      resolve({ status: null, said: said || problem.message });
    });
    child.once("close", (status) => {
      clearTimeout(alarm);
      resolve({ status, said });
    });
  });
}
