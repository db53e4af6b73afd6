/**
 * Which line of a hit says most: where to put the cursor, and what to show of it. Pure.
 *
 * What was asked in quotes must be seen, and a name that was asked for stands where it is defined. Else the line with the most of
 * the question's words wins, or rather what it belongs to, where that begins just above; a hit may hold several small definitions.
 */

import type { Hit } from "../protocol";
import { parts } from "./filters";
import { marks, stems } from "./highlight";

export interface Telling {
  /** Zero-based, in the file. */
  line: number;
  text: string;
  /** The line after it that says something. */
  next: string;
  /** Whether the line belongs to the definition that the hit is named after. */
  isOfSymbol: boolean;
}

/** Lines above which a line belongs to are looked at. */
const NEAR = 3;

/** The line of `hit` that answers `query` best; `terms` are the stems that the server looked up. */
export function telling(hit: Hit, query: string, terms: readonly string[] = hit.why?.terms ?? []): Telling {
  const lines = hit.snippet.split(/\r\n|\r|\n/);
  const symbol = hit.symbol ? defined(lines, hit.symbol) : -1;
  const found = [quoted(lines, query), asked(lines, query), head(lines, wordy(lines, query, terms)), symbol, saying(lines)];
  const at = found.find((line) => line >= 0) ?? 0;
  const next = lines.slice(at + 1).find((line) => /\w/.test(line)) ?? "";
  const texts = { text: (lines[at] ?? "").trim(), next: next.trim() };
  return { line: hit.range.start.line + at, ...texts, isOfSymbol: belongs(lines, at, symbol) };
}

function quoted(lines: string[], query: string): number {
  const quotes = parts(query).filter((part) => part.kind === "quote" && !part.not && part.value !== "");
  return quotes.length === 0 ? -1 : lines.findIndex((line) => quotes.some((quote) => holds(line, quote.value)));
}

/** As the server compares: letters without a capital among them stand for capitals too. */
export function holds(line: string, quote: string): boolean {
  return quote === quote.toLowerCase() ? line.toLowerCase().includes(quote) : line.includes(quote);
}

/** Where the one name that was asked for stands. */
function asked(lines: string[], query: string): number {
  const words = parts(query).filter((part) => part.kind === "word");
  const name = words.length === 1 ? (words[0]?.value ?? "") : "";
  return /^[\w.:]+$/.test(name) ? defined(lines, name) : -1;
}

/** The first line with the last part of a dotted name as a word. */
function defined(lines: string[], symbol: string): number {
  const name = symbol.split(/[.:]/).at(-1) ?? "";
  const wanted = new RegExp(`(?<!\\w)${name.replace(/[^\w]/g, "\\$&")}(?!\\w)`);
  return name === "" ? -1 : lines.findIndex((line) => wanted.test(line));
}

/** The first of the lines with the most different words of the question. */
function wordy(lines: string[], query: string, terms: readonly string[]): number {
  const wanted = marks(query, terms);
  const counts = lines.map((line) => stems(line, wanted).size);
  const most = Math.max(0, ...counts);
  return most === 0 ? -1 : counts.indexOf(most);
}

/** The line that `at` belongs to by its margin, where that is near; else `at` itself. */
function head(lines: string[], at: number): number {
  for (let above = at - 1; at >= 0 && above >= at - NEAR && above >= 0; above -= 1) {
    if (margin(lines[above]) < margin(lines[at])) {
      return head(lines, above);
    }
  }
  return at;
}

function belongs(lines: string[], at: number, symbol: number): boolean {
  if (symbol < 0 || at <= symbol) {
    return true;
  }
  return !lines.slice(symbol + 1, at + 1).some((line) => margin(line) <= margin(lines[symbol]) && /[\w"'@]/.test(line));
}

/** Columns before the first character; a blank line has none to speak of. */
function margin(line = ""): number {
  const found = line.search(/\S/);
  return found < 0 ? Number.POSITIVE_INFINITY : found;
}

function saying(lines: string[]): number {
  return lines.findIndex((line) => /\w/.test(line));
}
