/** The pure functions behind what is typed, shown and told. */

import { describe, expect, test } from "vitest";

import type { Freshness, Hit, WorkspaceStatus } from "../../src/protocol";
import { withinBudget } from "../../src/text/budget";
import { completions, wantedPath } from "../../src/text/completion";
import { excerpt } from "../../src/text/excerpt";
import { asksSomething, chips, parts, without } from "../../src/text/filters";
import { foldersAmong } from "../../src/text/folders";
import { caveat, mayImprove } from "../../src/text/freshness";
import { grouped } from "../../src/text/grouping";
import { health, type Known } from "../../src/text/health";
import { marks, stretches } from "../../src/text/highlight";
import { remembered } from "../../src/text/history";
import { telling } from "../../src/text/telling";
import { why } from "../../src/text/why";

const SNIPPET = `def apply_voucher(total):
    """Take a voucher's percentage off."""
    return total


def loyalty_discount(total, years):
    """Customers who stayed pay less."""
    return total * (1 - years)`;

function hit(changes: Partial<Hit> = {}): Hit {
  return {
    uri: "file:///w/a.py",
    path: "a.py",
    range: { start: { line: 10, character: 0 }, end: { line: 17, character: 30 } },
    snippet: SNIPPET,
    symbol: "apply_voucher",
    kind: "function",
    language: "python",
    score: 1.5,
    matched: ["lexical", "semantic"],
    unsaved: false,
    ...changes,
  };
}

const COMPLETE: Freshness = { generation: 3, head: null, words: 1, vectors: 1, degraded: [], stale: [], pending: 0 };

describe("filters", () => {
  test.each([
    ["lang:py retries", ["lang py", "word retries"]],
    ['path:"my files/" -path:test', ["path my files/", "-path test"]],
    ['"a \\"b\\" c" -"d"', ['quote a "b" c', "-quote d"]],
    ['"not closed', ["quote not closed"]],
    ["xlang:py", ["word xlang:py"]],
    ["", []],
  ])("%s", (text, wanted) => {
    expect(parts(text).map(({ kind, not, value }) => `${not ? "-" : ""}${kind} ${value}`)).toEqual(wanted);
  });

  test("a chip taken out leaves the rest as it was", () => {
    const text = "retries  lang:py with backoff";
    const [chip] = chips(text);
    expect(chip && without(text, chip)).toBe("retries with backoff");
  });

  test.each([
    ["lang:py", false],
    ['-"x"', false],
    ['"x"', true],
    ["x lang:py", true],
    ["  ", false],
  ])("%s asks something: %s", (text, wanted) => expect(asksSomething(text)).toBe(wanted));
});

describe("completions", () => {
  const labels = (text: string, folders: string[] = []) => completions(text, text.length, folders).map(({ label }) => label);

  test.each([
    ["lang:pyth", ["lang:python"]],
    ["-lang:rus", ["-lang:rust"]],
    ["lang:python", []],
    ["content:d", ["content:docs", "content:code"]],
    ["pa", ["path:"]],
    ["-", ["-lang:", "-path:"]],
    ["p", []],
    ['find "ab', ['"ab"']],
  ])("%s", (text, wanted) => expect(labels(text)).toEqual(wanted));

  test("folders are those that were found, in quotes where they have spaces", () => {
    expect(labels("x path:my", ["my files/"])).toEqual(['path:"my files/"']);
    expect(wantedPath("x path:my", 9)).toBe("my");
    expect(wantedPath("x path:my y", 11)).toBeNull();
  });

  test("what stands after the cursor is kept", () => {
    const [first] = completions("lang:pyt retries", 8);
    expect(first).toMatchObject({ text: "lang:python retries", cursor: 12 });
  });
});

test("folders begin with what was typed, or hold it", () => {
  const paths = ["web/server/a.ts", "server/b.py", "x/webserver/c.py"];
  expect(foldersAmong(paths, "serv")).toEqual(["server/", "web/server/", "x/webserver/"]);
});

describe("the telling line", () => {
  test.each([
    ["voucher percentage", 10, true],
    ["loyalty", 15, false],
    ["who stayed", 15, false],
    ["apply_voucher", 10, true],
    ['"1 - years"', 17, false],
    ["something else", 10, true],
  ])("%s", (query, line, isOfSymbol) => expect(telling(hit(), query)).toMatchObject({ line, isOfSymbol }));

  test("of text without words it is the first", () => {
    expect(telling(hit({ snippet: "{\n}", symbol: null }), "x")).toMatchObject({ line: 10, text: "{" });
  });
});

describe("highlights", () => {
  test("are stems within identifiers, and quoted parts as they stand", () => {
    const line = "isReplaced = replace_all(x, 'on it')";
    const found = stretches(line, marks('replaced "x, \'on"', ["replac"]));
    expect(found.map(({ start, end }) => line.slice(start, end))).toEqual(["Replaced", "replace", "x, 'on"]);
  });

  test("an excerpt begins at the telling line, without the common margin", () => {
    const lines = excerpt(hit(), "loyalty", marks("loyalty", ["loyalti"]), 2);
    expect(lines.map(({ number }) => number)).toEqual([16, 17]);
    expect(lines[0]?.pieces[1]).toEqual({ text: "loyalty", marked: true });
  });

  test("an excerpt does not end with blank lines", () => {
    expect(excerpt(hit(), "voucher percentage", marks("voucher"), 4).map(({ number }) => number)).toEqual([11, 12, 13]);
  });
});

describe("health", () => {
  const folder: WorkspaceStatus = {
    root: "/w/shop",
    phase: "ready",
    files: 7,
    chunks: 9,
    vectors: 9,
    pending: 0,
    skipped: 1,
    model: "m",
    branch: "main",
    generation: 3,
    watcher: "ok",
    stageSeconds: {},
    skippedFiles: [],
  };
  const known: Known = { connection: { state: "running" }, workspaces: [folder], freshness: COMPLETE, unsaved: 0 };

  test.each([
    [{}, "ready", "codectxd: ready"],
    [{ unsaved: 2 }, "ready", "codectxd: ready, 2 unsaved"],
    [{ workspaces: [{ ...folder, phase: "indexing", done: 41, total: 100 }] }, "indexing", "codectxd: indexing 41 %"],
    [{ workspaces: [{ ...folder, phase: "indexing", done: 100, total: 100 }] }, "indexing", "codectxd: indexing 99 %"],
    [{ workspaces: [] }, "starting", "codectxd: starting"],
    [{ workspaces: [{ ...folder, phase: "failed", message: "disk full" }] }, "broken", "codectxd: cannot index"],
    [{ freshness: { ...COMPLETE, degraded: ["semantic"] } }, "degraded", "codectxd: degraded"],
    [{ freshness: { ...COMPLETE, degraded: ["quotes", "reranker"] } }, "ready", "codectxd: ready"],
    [{ workspaces: [{ ...folder, watcher: "limit reached" }] }, "degraded", "codectxd: degraded"],
    [{ connection: { state: "broken", title: "not installed", message: "x" } }, "broken", "codectxd: not installed"],
    [{ connection: { state: "off", why: "No folder." } }, "off", "codectxd: off"],
    [{ connection: { state: "finding" } }, "starting", "codectxd: finding"],
  ] as [Partial<Known>, string, string][])("%j", (changes, kind, label) => {
    expect(health({ ...known, ...changes })).toMatchObject({ kind, label });
  });

  test("why it is degraded comes first, in a sentence", () => {
    const { lines } = health({ ...known, freshness: { ...COMPLETE, degraded: ["watcher"] } });
    expect(lines[0]).toBe("Changes in some folders may be seen late.");
    expect(lines[1]).toBe("shop on main: 7 files, 1 left out.");
  });

  const filling = { model: "large", done: 3, total: 9, perS: 1, leftS: 6, problem: null };
  test.each([
    [filling, "shop on main: 7 files, 1 left out; 33 % of its texts are embedded by large, which answers next."],
    [{ ...filling, model: "m" }, "shop on main: 7 files, 1 left out; 33 % of its texts are embedded by m."],
    [{ ...filling, problem: "It is gone." }, "shop on main: 7 files, 1 left out; the model large cannot take over: It is gone."],
    [{ ...filling, total: 0 }, "shop on main: 7 files, 1 left out."],
    [null, "shop on main: 7 files, 1 left out."],
  ])("how far another model is, %j, is told", (told, line) => {
    expect(health({ ...known, workspaces: [{ ...folder, filling: told }] }).lines).toContain(line);
  });
});

describe("freshness", () => {
  test.each([
    [{}, ""],
    [{ words: 0.999 }, "99 % of the files are searchable so far"],
    [{ vectors: 0.5, degraded: ["semantic"] }, /50 % .* by meaning so far; search by meaning is not ready/],
    [{ stale: ["a"] }, "1 file just changed, ask again"],
    [{ degraded: ["reranker"] }, "the reranker had no say in the order of all answers"],
  ] as [Partial<Freshness>, string | RegExp][])("%j", (changes, wanted) => {
    const said = caveat({ ...COMPLETE, ...changes });
    expect(said).toEqual(typeof wanted === "string" ? wanted : expect.stringMatching(wanted));
  });

  test("an answer that found nothing, or lacked something, may improve", () => {
    expect(mayImprove({ hits: [hit()], freshness: COMPLETE, tookMs: 1 })).toBe(false);
    expect(mayImprove({ hits: [], freshness: COMPLETE, tookMs: 1 })).toBe(true);
    expect(mayImprove({ hits: [hit()], freshness: { ...COMPLETE, pending: 1 }, tookMs: 1 })).toBe(true);
  });
});

test("hits are grouped by file in the order of each file's best", () => {
  const groups = grouped([hit({ uri: "b", path: "b" }), hit(), hit({ uri: "b", path: "b" })]);
  expect(groups.map(({ path, hits }) => [path, hits.map(({ rank }) => rank)])).toEqual([
    ["b", [1, 3]],
    ["a.py", [2]],
  ]);
});

test("history has each question once, newest first, and no more than it may", () => {
  expect(remembered(["b", "a"], " a ", 2)).toEqual(["a", "b"]);
  expect(remembered(["b", "a"], "c", 2)).toEqual(["c", "b"]);
  expect(remembered(["b"], " ", 5)).toEqual(["b"]);
});

test("why a hit is there adds up", () => {
  const reasons = { lexicalRank: 1, semanticRank: null, terms: ["total"], boosts: [{ name: "words", value: 1.5 }] };
  expect(why(hit({ unsaved: true, why: reasons }))).toEqual([
    "Found by words and meaning.",
    "This text is not saved yet.",
    "It is number 1 by words.",
    "It holds words that begin with total.",
    "Score 1.50 = words 1.50",
  ]);
});

test("a copy is said to be one", () => {
  expect(why(hit({ likeness: "duplicate" }))[1]).toBe("It is a duplicate: the same but for blanks.");
  expect(why(hit({ likeness: "near" }))[1]).toMatch(/^It is nearly a duplicate/);
  expect(why(hit())).toEqual(["Found by words and meaning."]);
});

describe("an answer for a language model", () => {
  const answer = { hits: [hit(), hit({ path: "b.py" }), hit({ path: "c.py" })], freshness: COMPLETE, tookMs: 2 };
  const words = (text: string) => text.split(/\s+/).length;

  test("has all hits where there is room", async () => {
    const text = await withinBudget("q", answer, 1_000, words);
    expect(text).toContain("3 hits for: q\nAs of generation 3, unsaved text included; all files covered.");
    expect(text).toContain("c.py:11-18 function apply_voucher\ndef");
  });

  test.each([1, 40, 60, 80])("with a budget of %d says what had no room, and keeps within it", async (budget) => {
    const text = await withinBudget("q", answer, budget, words);
    expect(text).toMatch(/more hits? had no room/);
    expect(words(text)).toBeLessThanOrEqual(Math.max(budget, 35));
  });

  test("that found nothing says what it did not cover", async () => {
    const text = await withinBudget("q", { ...answer, hits: [], freshness: { ...COMPLETE, words: 0.4 } }, 100, words);
    expect(text).toBe(
      "Nothing was found for: q\nAs of generation 3, unsaved text included; 40 % of the files are searchable so far.",
    );
  });
});
