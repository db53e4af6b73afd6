/** Which servers this extension can speak to. Pure. */

/** From the first that knows all that is asked of it; a type of the protocol only ever gains optional fields until the next major one. */
export const SUPPORTED = { from: "0.1.0", below: "1.0.0" };

export type Verdict = "fits" | "too old" | "too new" | "unknown";

/** The version in what `codectxd --version` prints, or null. */
export function versionIn(printed: string): string | null {
  return /^codectxd (\d+\.\d+\.\d+\S*)\s*$/m.exec(printed)?.[1] ?? null;
}

/** Whether `version` can be spoken to. */
export function judged(version: string | null): Verdict {
  if (version === null) {
    return "unknown";
  }
  if (compared(version, SUPPORTED.from) < 0) {
    return "too old";
  }
  return compared(version, SUPPORTED.below) >= 0 ? "too new" : "fits";
}

function compared(one: string, other: string): number {
  const numbers = (text: string) => text.split(/[.+-]/, 3).map((part) => Number.parseInt(part, 10) || 0);
  const [a, b] = [numbers(one), numbers(other)];
  const at = a.findIndex((number, index) => number !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
