/** Folders out of the paths of files. Pure. */

/** The folders of `paths` that hold `wanted`, whatever its capitals, each with a slash at its end, shortest first. */
export function foldersAmong(paths: readonly string[], wanted: string): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    const names = path.split("/").slice(0, -1);
    names.forEach((_, at) => {
      found.add(`${names.slice(0, at + 1).join("/")}/`);
    });
  }
  const fits = [...found].filter((folder) => folder.toLowerCase().includes(wanted.toLowerCase()));
  return fits.sort(
    (one, other) => rank(one, wanted) - rank(other, wanted) || one.length - other.length || (one < other ? -1 : 1),
  );
}

/** What begins with what was typed comes first, then what has a folder that does. */
function rank(folder: string, wanted: string): number {
  const [lower, typed] = [folder.toLowerCase(), wanted.toLowerCase()];
  return lower.startsWith(typed) ? 0 : lower.includes(`/${typed}`) ? 1 : 2;
}
