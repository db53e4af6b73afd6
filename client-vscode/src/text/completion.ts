/**
 * What may stand at the cursor of a question: filters by name, languages, folders, content kinds, closing quotes. Pure.
 *
 * Knows nothing of where the question is typed; folders come from whoever asks, as the server lists them.
 */

import { written } from "./filters";
import { LANGUAGES } from "./languages";

export interface Completion {
  label: string;
  /** The whole question with the completion in it, and where the cursor stands then. */
  text: string;
  cursor: number;
  hint: string;
}

const CONTENTS: Record<string, string> = {
  code: "source text (what is searched without this)",
  docs: "documentation",
  config: "configuration",
  all: "every kind of file",
};

const NAMES: Record<string, string> = {
  "lang:": "only in this language",
  "path:": "only where the path holds this",
  "content:": "code, docs, config or all",
  "-lang:": "not in this language",
  "-path:": "not where the path holds this",
};

const MOST = 8;

interface Typed {
  start: number;
  minus: string;
  name: string;
  value: string;
}

/** The filter that the cursor stands at the end of, or null. */
function typed(text: string, cursor: number): Typed | null {
  const before = text.slice(0, cursor);
  const match = /(?<!\S)(-?)(lang|path|content):"?([^\s"]*)$/.exec(before);
  return match ? { start: match.index, minus: match[1] ?? "", name: match[2] ?? "", value: match[3] ?? "" } : null;
}

/** The part of a path that is being typed at the cursor after `path:`, or null where none is. */
export function wantedPath(text: string, cursor: number): string | null {
  const filter = typed(text, cursor);
  return filter?.name === "path" ? filter.value : null;
}

/** What may stand at the cursor, best first; `folders` are those that fit `wantedPath`. */
export function completions(text: string, cursor: number, folders: readonly string[] = []): Completion[] {
  const filter = typed(text, cursor);
  if (filter) {
    return ofFilter(text, cursor, filter, folders).slice(0, MOST);
  }
  return [...ofQuote(text, cursor), ...ofName(text, cursor)].slice(0, MOST);
}

function ofFilter(text: string, cursor: number, filter: Typed, folders: readonly string[]): Completion[] {
  const values = { lang: LANGUAGES, content: Object.keys(CONTENTS), path: folders }[filter.name] ?? [];
  const wanted = filter.value.toLowerCase();
  const fits =
    filter.name === "path"
      ? values.filter((value) => value !== filter.value)
      : [
          ...values.filter((value) => value.startsWith(wanted)),
          ...values.filter((value) => !value.startsWith(wanted) && wanted !== "" && value.includes(wanted)),
        ];
  if (fits.includes(wanted) && filter.name !== "path") {
    return [];
  }
  return fits.map((value) => {
    const label = written(filter.minus + filter.name, value);
    const hint = filter.name === "content" ? (CONTENTS[value] ?? "") : filter.name === "lang" ? "language" : "folder";
    return placed(text, filter.start, cursor, label, hint);
  });
}

function ofName(text: string, cursor: number): Completion[] {
  const match = /(?<!\S)-?[a-z]+$|(?<!\S)-$/.exec(text.slice(0, cursor));
  const start = match?.index ?? cursor;
  const word = match?.[0] ?? "";
  if (word.length < 2 && word !== "-") {
    return [];
  }
  const names = Object.keys(NAMES).filter((name) => name.startsWith(word));
  return names.map((name) => placed(text, start, cursor, name, NAMES[name] ?? "", ""));
}

function ofQuote(text: string, cursor: number): Completion[] {
  const open = /(?<!\S)-?"((?:[^"\\]|\\.)*)$/.exec(text.slice(0, cursor));
  return open?.[1] ? [placed(text, open.index, cursor, `${open[0]}"`, "exactly these characters")] : [];
}

function placed(text: string, start: number, cursor: number, label: string, hint: string, after = " "): Completion {
  const head = text.slice(0, start) + label + after;
  return { label, hint, text: head + text.slice(cursor).trimStart(), cursor: head.length };
}
