/** Why a hit stands where it does, in a few lines for people. Pure. */

import type { Hit } from "../protocol";

const SIGNALS: Record<string, string> = {
  lexical: "words",
  semantic: "meaning",
  symbol: "the name of a definition",
  path: "the path",
};

const LIKENESS = {
  duplicate: "It is a duplicate: the same but for blanks.",
  near: "It is nearly a duplicate, with other names or values, or a few other lines.",
};

/** The lines of an explanation; the first says what found the hit. */
export function why(hit: Hit): string[] {
  const by = hit.matched.map((name) => SIGNALS[name] ?? name);
  const lines = [`Found by ${listed(by) || "its neighbours"}.`];
  if (hit.likeness) {
    lines.push(LIKENESS[hit.likeness]);
  }
  if (hit.unsaved) {
    lines.push("This text is not saved yet.");
  }
  if (!hit.why) {
    return lines;
  }
  const { lexicalRank, semanticRank, terms, boosts } = hit.why;
  const ranks = [lexicalRank ? `number ${lexicalRank} by words` : "", semanticRank ? `number ${semanticRank} by meaning` : ""];
  if (ranks.some(Boolean)) {
    lines.push(`It is ${ranks.filter(Boolean).join(" and ")}.`);
  }
  if (terms.length > 0) {
    lines.push(`It holds words that begin with ${listed(terms)}.`);
  }
  if (boosts.length > 0) {
    lines.push(`Score ${hit.score.toFixed(2)} = ${boosts.map((one) => `${one.name} ${one.value.toFixed(2)}`).join(" + ")}`);
  }
  return lines;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
