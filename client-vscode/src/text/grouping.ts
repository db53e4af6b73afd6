/** Hits by file, in the order in which each file's best hit stands. Pure. */

import type { Hit } from "../protocol";

export interface Group {
  uri: string;
  path: string;
  hits: { hit: Hit; rank: number }[];
}

/** Groups best first, the hits of each best first; `rank` counts from 1 over all. */
export function grouped(hits: readonly Hit[]): Group[] {
  const groups = new Map<string, Group>();
  hits.forEach((hit, at) => {
    const group = groups.get(hit.uri) ?? { uri: hit.uri, path: hit.path, hits: [] };
    group.hits.push({ hit, rank: at + 1 });
    groups.set(hit.uri, group);
  });
  return [...groups.values()];
}
