/** A tool for the language models of the editor: its agents search as people do, within a budget, and are told how fresh it is. */

import * as vscode from "vscode";

import { search } from "../asking";
import type { Context } from "../context";
import type { Content } from "../protocol";
import { DEFAULT_BUDGET, withinBudget } from "../text/budget";

const NAME = "codectxd_search";

interface Input {
  query: string;
  limit?: number;
  content?: Content;
  path?: string;
}

export function activate(context: Context): void {
  if (typeof vscode.lm?.registerTool === "function") {
    context.subscribe(vscode.lm.registerTool(NAME, new SearchTool(context)));
  }
}

class SearchTool implements vscode.LanguageModelTool<Input> {
  constructor(private readonly context: Context) {}

  prepareInvocation({ input }: vscode.LanguageModelToolInvocationPrepareOptions<Input>): vscode.PreparedToolInvocation {
    return { invocationMessage: `Searching the code base: ${input.query}` };
  }

  async invoke(
    { input, tokenizationOptions }: vscode.LanguageModelToolInvocationOptions<Input>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const { query, limit, content, path } = input;
    const asked = {
      query: path ? `${query} path:"${path}"` : query,
      ...(limit ? { limit } : {}),
      ...(content ? { content } : {}),
    };
    const answer = await search(this.context, asked, token);
    const budget = tokenizationOptions?.tokenBudget ?? DEFAULT_BUDGET;
    const count = (text: string) => tokenizationOptions?.countTokens(text, token) ?? Math.ceil(text.length / 3);
    const text = await withinBudget(query, answer, budget, async (one) => count(one));
    return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
  }
}
