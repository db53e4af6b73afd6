/** The questions that were asked, newest first, each once. Pure. */

/** `history` with `query` in front; a question that grew while it was typed replaces what it grew from. */
export function remembered(history: readonly string[], query: string, most: number): string[] {
  const asked = query.trim();
  if (asked === "") {
    return history.slice(0, most);
  }
  return [asked, ...history.filter((one) => one !== asked)].slice(0, most);
}
