/**
 * Which line of a hit says most: where to put the cursor, and what to show of it. Pure.
 *
 * A definition may stand below its comment, and what was asked in quotes must be seen.
 */

import type { Hit } from "../protocol";
import { parts } from "./filters";

export interface Telling {
  /** Zero-based, in the file. */
  line: number;
  text: string;
}

/** The line of `hit` that answers `query` best. */
export function telling(hit: Hit, query: string): Telling {
  const lines = hit.snippet.split(/\r\n|\r|\n/);
  const at = [quoted(lines, query), named(lines, hit, query), firstWords(lines)].find((found) => found >= 0) ?? 0;
  return { line: hit.range.start.line + at, text: (lines[at] ?? "").trim() };
}

function quoted(lines: string[], query: string): number {
  const quotes = parts(query).filter((part) => part.kind === "quote" && !part.not && part.value !== "");
  return quotes.length === 0 ? -1 : lines.findIndex((line) => quotes.some((quote) => holds(line, quote.value)));
}

/** As the server compares: letters without a capital among them stand for capitals too. */
export function holds(line: string, quote: string): boolean {
  return quote === quote.toLowerCase() ? line.toLowerCase().includes(quote) : line.includes(quote);
}

function named(lines: string[], hit: Hit, query: string): number {
  const words = parts(query).filter((part) => part.kind === "word");
  const asked = words.length === 1 && /^[\w.]+$/.test(words[0]?.value ?? "") ? [words[0]?.value.split(".").at(-1) ?? ""] : [];
  const symbol = hit.symbol ? [hit.symbol.split(/[.:]/).at(-1) ?? ""] : [];
  for (const name of [...asked, ...symbol]) {
    const wanted = new RegExp(`(?<!\\w)${name.replace(/[^\w]/g, "\\$&")}(?!\\w)`);
    const found = name === "" ? -1 : lines.findIndex((line) => wanted.test(line));
    if (found >= 0) {
      return found;
    }
  }
  return -1;
}

function firstWords(lines: string[]): number {
  return lines.findIndex((line) => /\S/.test(line));
}
