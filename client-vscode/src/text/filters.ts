/**
 * The text of a question taken apart where it is typed: filters, quoted parts, words. Pure.
 *
 * The server decides what a filter means; this knows only where one begins and ends, to show it as a chip, to take it out again,
 * and to know what is being typed at the cursor.
 */

export type Kind = "lang" | "path" | "content" | "quote" | "word";

export interface Part {
  kind: Kind;
  /** With a minus before it: what must not be. */
  not: boolean;
  /** The value of a filter, or what stands in quotes, or the word. */
  value: string;
  /** As it was written. */
  raw: string;
  start: number;
  end: number;
}

const PART = /(?<!\S)(?:(-?)"((?:[^"\\]|\\.)*)("?)|(-?)(lang|path|content):(?:"([^"]*)"?|(\S*))|(\S+))/g;

/** The parts of a question in order. */
export function parts(text: string): Part[] {
  return [...text.matchAll(PART)].map((match) => {
    const [raw, quoteMinus, quote, , minus, name, long, short, word] = match;
    const start = match.index;
    const place = { raw, start, end: start + raw.length };
    if (quote !== undefined) {
      return { kind: "quote", not: quoteMinus === "-", value: quote.replace(/\\(.)/g, "$1"), ...place };
    }
    if (name !== undefined) {
      return { kind: name as Kind, not: minus === "-", value: long ?? short ?? "", ...place };
    }
    return { kind: "word", not: false, value: word ?? "", ...place };
  });
}

/** Filters and quoted parts: what is shown as chips. */
export function chips(text: string): Part[] {
  return parts(text).filter((part) => part.kind !== "word" && part.value !== "");
}

/** The question without one of its parts. */
export function without(text: string, part: Part): string {
  return `${text.slice(0, part.start)} ${text.slice(part.end)}`.replace(/\s+/g, " ").trim();
}

/** Whether there is anything to look for beside filters, of which alone the server refuses a question. */
export function asksSomething(text: string): boolean {
  return parts(text).some((part) => (part.kind === "word" || (part.kind === "quote" && !part.not)) && part.value.trim() !== "");
}

/** A filter as it is written: in quotes where the value has spaces. */
export function written(name: string, value: string): string {
  return /\s/.test(value) ? `${name}:"${value}"` : `${name}:${value}`;
}
