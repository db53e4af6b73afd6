/** Finds code like the selection, or like the definition at the cursor, and lists it in a quick pick, copies first. */

import * as vscode from "vscode";

import { Asker, sentence } from "../asking";
import type { Context } from "../context";
import { itemOf, Picker, titleOf } from "../picker";
import { type SearchAnswer, SIMILAR, type SimilarParams } from "../protocol";

const ALL: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("list-tree"), tooltip: "Show in the Side Bar" };

export function activate(context: Context): void {
  context.command("codectxd.similar", () => {
    const editor = vscode.window.activeTextEditor;
    if (editor) {
      return similar(context, editor);
    }
    return vscode.window.showInformationMessage("codectxd: open a file and select some lines of it first.");
  });
}

async function similar(context: Context, { document, selection }: vscode.TextEditor): Promise<void> {
  const asker = new Asker(context);
  const picker = new Picker(
    context,
    () => "",
    () => {},
    () => asker.dispose(),
  );
  const { pick } = picker;
  const title = `like ${selection.isEmpty ? "line" : "lines"} ${lines(selection)} of ${name(document)}`;
  pick.title = `Code ${title}`;
  pick.busy = true;
  pick.show();
  try {
    const answer = await asker.only((token) =>
      context.request<SearchAnswer>(SIMILAR, params(context, document, selection), token),
    );
    if (answer) {
      picker.show(answer.hits.length > 0 ? answer.hits.map((hit) => itemOf(hit, "")) : [nothing]);
      pick.title = `Code ${title}: ${titleOf(answer)}`;
      pick.buttons = [ALL];
      pick.onDidTriggerButton(() => {
        pick.hide();
        void vscode.commands.executeCommand("codectxd.showAnswer", title, answer);
      });
    }
  } catch (problem) {
    picker.show([{ label: `$(warning) ${sentence(problem)}`, alwaysShow: true }]);
  }
  pick.busy = false;
}

const nothing = { label: "$(info) Nothing here is like it.", alwaysShow: true };

function params(context: Context, document: vscode.TextDocument, selection: vscode.Selection): SimilarParams {
  const { limit, includeUnsaved } = context.settings;
  const { start, end } = selection;
  return {
    uri: document.uri.toString(),
    range: {
      start: { line: start.line, character: start.character },
      end: { line: end.line, character: end.character },
    },
    limit,
    includeUnsaved,
    explain: true,
  };
}

function lines({ start, end }: vscode.Selection): string {
  return start.line === end.line ? `${start.line + 1}` : `${start.line + 1}–${end.line + 1}`;
}

function name(document: vscode.TextDocument): string {
  return vscode.workspace.asRelativePath(document.uri);
}
