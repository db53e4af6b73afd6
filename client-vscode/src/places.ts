/** Folders of the workspace that fit what is typed after `path:`, as the server lists them. */

import type { Context } from "./context";
import { LIST_PATHS, type ListPathsAnswer } from "./protocol";
import { foldersAmong } from "./text/folders";

const LOOKED_AT = 500;

/** Folders, shortest first; none where the server cannot be asked. */
export async function folders(context: Context, wanted: string): Promise<string[]> {
  const plain = wanted.replace(/^\//, "");
  if (/[*?[]/.test(plain)) {
    return [];
  }
  try {
    const answer = await context.request<ListPathsAnswer>(LIST_PATHS, { query: plain, limit: LOOKED_AT });
    return foldersAmong(
      answer.paths.map((one) => one.path),
      plain,
    );
  } catch (problem) {
    context.log.warn(`No folders for ${wanted}: ${problem}`); // A completion is no place to complain.
    return [];
  }
}
