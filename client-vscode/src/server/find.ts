/** Finds the server: the first candidate that is there and fits. Says what it tried. Knows nothing of the editor. */

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";

import { type Candidate, candidates, type Surroundings } from "./candidates";
import { missing, notRunning, type Problem, settingLeadsNowhere, unfit } from "./problem";
import { run } from "./run";
import { judged, versionIn } from "./version";

const DEADLINE_MS = 20_000;

export interface Found {
  file: string;
  source: Candidate["source"];
  version: string;
}

/** The server, or what is wrong with the best that there is. */
export async function find(around: Surroundings, tell: (line: string) => void): Promise<Found | Problem> {
  let first: Problem | null = null;
  for (const candidate of candidates(around)) {
    if (await isProgram(candidate.file)) {
      const found = await examined(candidate, tell);
      if (!("title" in found)) {
        return found;
      }
      first ??= found;
    } else if (candidate.source === "setting") {
      return settingLeadsNowhere(candidate.file);
    }
  }
  tell(first ? first.message : "No codectxd was found.");
  return first ?? missing;
}

async function examined({ file, source }: Candidate, tell: (line: string) => void): Promise<Found | Problem> {
  const { status, said } = await run(file, ["--version"], { deadlineMs: DEADLINE_MS });
  const version = versionIn(said);
  tell(`${file} (${source}): ${version ? `codectxd ${version}` : `not usable, status ${status}: ${said.trim()}`}`);
  if (status !== 0 || version === null) {
    return notRunning(file, said);
  }
  const verdict = judged(version);
  return verdict === "fits" ? { file, source, version } : unfit(file, version, verdict);
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
