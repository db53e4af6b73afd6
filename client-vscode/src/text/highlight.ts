/**
 * Which stretches of a line are what was asked for. Pure.
 *
 * The server looks words up by their stems (`replac`), in identifiers too (`isReplaced`): so does this. Quoted parts are marked
 * as they stand.
 */

import { parts } from "./filters";

export interface Stretch {
  start: number;
  end: number;
}

const WORD = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\x00-\x7f]+/g;

/** What to mark for a question: stems, in lower case, and quoted parts. */
export interface Marks {
  stems: readonly string[];
  quotes: readonly string[];
}

/** The marks of `query`, of which the server looked up `terms`; without those the words themselves are marked. */
export function marks(query: string, terms: readonly string[] = []): Marks {
  const found = parts(query);
  const words = found.filter((part) => part.kind === "word").flatMap((part) => part.value.match(WORD) ?? []);
  const stems = terms.length > 0 ? terms : words.filter((word) => word.length > 2);
  return {
    stems: [...new Set(stems.map((stem) => stem.toLowerCase()))],
    quotes: found.filter((part) => part.kind === "quote" && !part.not && part.value !== "").map((part) => part.value),
  };
}

/** The stretches of `line` to mark, in order and apart from each other. */
export function stretches(line: string, { stems, quotes }: Marks): Stretch[] {
  const found = [...line.matchAll(WORD)]
    .filter(([word]) => stems.some((stem) => stemmed(word, stem)))
    .map((match) => ({ start: match.index, end: match.index + match[0].length }));
  for (const quote of quotes) {
    found.push(...occurrences(line, quote));
  }
  return merged(found.sort((one, other) => one.start - other.start));
}

/** Which of the stems stand in `line`. */
export function stems(line: string, wanted: Marks): Set<string> {
  const words = line.match(WORD) ?? [];
  return new Set(wanted.stems.filter((stem) => words.some((word) => stemmed(word, stem))));
}

/** Whether `stem` is that of `word`; a final `y` becomes an `i` in a stem. */
function stemmed(word: string, stem: string): boolean {
  const begin = stem.length > 3 ? stem.replace(/i$/, "") : stem;
  return word.toLowerCase().startsWith(begin) && begin.length * 2 >= word.length;
}

function occurrences(line: string, quote: string): Stretch[] {
  const folded = quote === quote.toLowerCase() ? line.toLowerCase() : line;
  const found: Stretch[] = [];
  for (let at = folded.indexOf(quote); at >= 0; at = folded.indexOf(quote, at + quote.length)) {
    found.push({ start: at, end: at + quote.length });
  }
  return found;
}

function merged(sorted: Stretch[]): Stretch[] {
  const apart: Stretch[] = [];
  for (const one of sorted) {
    const last = apart.at(-1);
    if (last && one.start <= last.end) {
      last.end = Math.max(last.end, one.end);
    } else {
      apart.push({ ...one });
    }
  }
  return apart;
}
