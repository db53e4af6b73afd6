/** As of what an answer speaks, in words for people. Pure. */

import type { Freshness, SearchAnswer } from "../protocol";

const MISSING: Record<string, string> = {
  semantic: "search by meaning is not ready, words answer alone",
  lexical: "the word index is damaged, meaning answers alone",
  watcher: "changes in some folders may be seen late",
  git: "git refuses the repository, ignore files alone decide what is read",
  workers: "no process may be started, so everything runs in one",
  quotes: "there was no time to look for the quoted part everywhere",
  model: "the model that the settings name cannot be used, the one before goes on",
  indexing: "something keeps a folder from being followed",
  reranker: "the reranker had no say in the order of all answers",
};

/** What is missing from one answer, and says nothing of the next. */
const OF_ONE_ANSWER: ReadonlySet<string> = new Set(["quotes", "reranker"]);

/** What is missing for as long as nothing changes. */
export function lasting(degraded: readonly string[]): string[] {
  return degraded.filter((name) => !OF_ONE_ANSWER.has(name));
}

/** A sentence for each name in `degraded`. */
export function missing(degraded: readonly string[]): string[] {
  return degraded.map((name) => MISSING[name] ?? name);
}

/** What an answer does not cover, or "" where it covers all. */
export function caveat({ words, vectors, degraded, stale }: Freshness): string {
  const said: string[] = [];
  if (words < 1) {
    said.push(`${percent(words)} of the files are searchable so far`);
  } else if (vectors < 1) {
    said.push(`${percent(vectors)} of the files can be found by meaning so far`);
  }
  said.push(...missing(degraded));
  if (stale.length > 0) {
    said.push(`${stale.length} ${stale.length === 1 ? "file" : "files"} just changed, ask again`);
  }
  return said.join("; ");
}

/** Whether the same question may soon be answered better: not all is there yet, or nothing was found at all. */
export function mayImprove({ hits, freshness }: SearchAnswer): boolean {
  const { words, vectors, degraded, stale, pending } = freshness;
  return hits.length === 0 || words < 1 || vectors < 1 || degraded.length + stale.length + pending > 0;
}

/** Never 100 % before all is there. */
export function percent(share: number): string {
  return `${Math.floor(100 * share)} %`;
}
