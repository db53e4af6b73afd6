/**
 * An answer as text for a language model, no longer than it may be.
 *
 * The head (question, freshness) always stands; hits follow best first as long as they fit whole, and what had no room is counted.
 * Knows nothing of the editor: who asks brings the counting of tokens.
 */

import type { SearchAnswer } from "../protocol";
import { caveat } from "./freshness";

export type Count = (text: string) => Promise<number> | number;

/** Above this many tokens nobody asked for more. */
export const DEFAULT_BUDGET = 4_000;

/** The answer to `query` within `budget` tokens. */
export async function withinBudget(query: string, answer: SearchAnswer, budget: number, count: Count): Promise<string> {
  const head = heading(query, answer);
  const blocks = answer.hits.map(block);
  let text = head;
  let shown = 0;
  for (const one of blocks) {
    const longer = `${text}\n\n${one}`;
    const rest = blocks.length - shown - 1;
    if ((await count(rest > 0 ? `${longer}\n\n${omitted(rest)}` : longer)) > budget) {
      break;
    }
    text = longer;
    shown += 1;
  }
  return shown < blocks.length ? `${text}\n\n${omitted(blocks.length - shown)}` : text;
}

function heading(query: string, { hits, freshness }: SearchAnswer): string {
  const note = caveat(freshness);
  const as = `As of generation ${freshness.generation}, unsaved text included${note ? `; ${note}` : "; all files covered"}.`;
  return hits.length === 0 ? `Nothing was found for: ${query}\n${as}` : `${hits.length} hits for: ${query}\n${as}`;
}

function block({ path, range, symbol, kind, unsaved, snippet }: SearchAnswer["hits"][number]): string {
  const name = symbol ? ` ${kind ?? ""} ${symbol}`.replace(/ +/g, " ") : "";
  return `${path}:${range.start.line + 1}-${range.end.line + 1}${name}${unsaved ? " (unsaved)" : ""}\n${snippet}`;
}

function omitted(rest: number): string {
  return `(${rest} more ${rest === 1 ? "hit" : "hits"} had no room: ask more narrowly, or for fewer.)`;
}
