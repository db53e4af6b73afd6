/** Questions as the features ask them: the settings become parameters. Of two questions of one asker only the later is answered. */

import * as vscode from "vscode";

import { type Context, Unavailable } from "./context";
import { type Content, REQUEST_CANCELLED, SEARCH, type SearchAnswer, type SearchParams } from "./protocol";

/** One who asks again and again, as somebody who types does. */
export class Asker implements vscode.Disposable {
  private source: vscode.CancellationTokenSource | null = null;

  constructor(private readonly context: Context) {}

  /** What is answered, or null where a later question came. Raises what the server says where that is an error. */
  async ask(query: string, content?: Content): Promise<SearchAnswer | null> {
    return this.only((token) => search(this.context, { query, ...(content ? { content } : {}) }, token));
  }

  /** The answer of `question`, or null where a later one came. */
  async only<Answer>(question: (token: vscode.CancellationToken) => Promise<Answer>): Promise<Answer | null> {
    this.cancel();
    const source = new vscode.CancellationTokenSource();
    this.source = source;
    try {
      const answer = await question(source.token);
      return source.token.isCancellationRequested ? null : answer;
    } catch (problem) {
      if (source.token.isCancellationRequested || (problem as { code?: number }).code === REQUEST_CANCELLED) {
        return null;
      }
      throw problem;
    }
  }

  /** Call off what is asked. */
  cancel(): void {
    this.source?.cancel();
    this.source?.dispose();
    this.source = null;
  }

  dispose(): void {
    this.cancel();
  }
}

/** Ask once, with what the settings say. */
export function search(context: Context, params: SearchParams, token?: vscode.CancellationToken): Promise<SearchAnswer> {
  const { limit, content, includeUnsaved } = context.settings;
  const asked = { limit, content, includeUnsaved, explain: true, ...params };
  return context.request<SearchAnswer>(SEARCH, asked, token);
}

/** What went wrong, in a sentence for people. */
export function sentence(problem: unknown): string {
  if (problem instanceof Unavailable || problem instanceof Error) {
    return problem.message;
  }
  return String(problem);
}
