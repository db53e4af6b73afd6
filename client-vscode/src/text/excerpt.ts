/** The few lines of a hit that are shown in a list, each in pieces of which some are marked. Pure. */

import type { Hit } from "../protocol";
import { type Marks, stretches } from "./highlight";
import { telling } from "./telling";

export interface Piece {
  text: string;
  marked: boolean;
}

export interface Line {
  /** As people count, in the file. */
  number: number;
  pieces: Piece[];
}

/** At most `most` lines of `hit` around the one that answers `query` best, without the margin that they have in common. */
export function excerpt(hit: Hit, query: string, marks: Marks, most: number): Line[] {
  const lines = hit.snippet.split(/\r\n|\r|\n/);
  const at = telling(hit, query).line - hit.range.start.line;
  const first = Math.max(0, Math.min(at, lines.length - most));
  const shown = lines.slice(first, first + most).map((line) => line.replaceAll("\t", "    "));
  while (shown.length > 1 && !/\S/.test(shown.at(-1) ?? "")) {
    shown.pop();
  }
  const margin = Math.min(...shown.filter((line) => /\S/.test(line)).map((line) => line.search(/\S/)));
  return shown.map((line, index) => ({
    number: hit.range.start.line + first + index + 1,
    pieces: pieces(line.slice(Number.isFinite(margin) ? margin : 0), marks),
  }));
}

/** A line cut at the edges of what is marked. */
export function pieces(line: string, marks: Marks): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const { start, end } of stretches(line, marks)) {
    found.push({ text: line.slice(at, start), marked: false }, { text: line.slice(start, end), marked: true });
    at = end;
  }
  found.push({ text: line.slice(at), marked: false });
  return found.filter((piece) => piece.text !== "");
}
