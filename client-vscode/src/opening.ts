/** Opens hits: at the line that says most, previewed and restored, to the side. Knows nothing of where hits are listed. */

import * as vscode from "vscode";

import type { Hit } from "./protocol";
import { telling } from "./text/telling";

export interface Opening {
  side?: boolean;
  preview?: boolean;
  keepFocus?: boolean;
}

/** Open the document of `hit`, with the cursor on the line that answers `query` best. */
export async function open(hit: Hit, query: string, { side, preview, keepFocus }: Opening): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(hit.uri, true));
  const line = document.lineAt(Math.min(telling(hit, query).line, document.lineCount - 1));
  const cursor = new vscode.Position(line.lineNumber, line.firstNonWhitespaceCharacterIndex);
  const editor = await vscode.window.showTextDocument(document, {
    viewColumn: side ? vscode.ViewColumn.Beside : undefined,
    preview: preview ?? false,
    preserveFocus: keepFocus ?? false,
    selection: new vscode.Range(cursor, cursor),
  });
  editor.revealRange(new vscode.Range(cursor, cursor), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  return editor;
}

/** Hits looked at one after the other; what was there before can be had back. */
export class Preview implements vscode.Disposable {
  private readonly mark = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
    overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.findMatchForeground"),
  });
  private readonly before = vscode.window.activeTextEditor;
  private readonly selection = this.before?.selection;
  private shown: vscode.TextEditor | null = null;
  private opening: Promise<void> | null = null;
  private latest = 0;

  /** Show `hit` without taking the focus. One after the other, of several that wait only the last. */
  show(hit: Hit, query: string): Promise<void> {
    this.latest += 1;
    this.opening = this.showAfter(this.opening, this.latest, hit, query);
    return this.opening;
  }

  private async showAfter(earlier: Promise<void> | null, mine: number, hit: Hit, query: string): Promise<void> {
    await earlier?.catch(() => {});
    if (mine !== this.latest) {
      return;
    }
    const editor = await open(hit, query, { preview: true, keepFocus: true });
    this.shown?.setDecorations(this.mark, []);
    this.shown = editor;
    const { start, end } = hit.range;
    editor.setDecorations(this.mark, [new vscode.Range(start.line, start.character, end.line, end.character)]);
  }

  /** Show again what was there before the first hit, also where that is still being opened. */
  async restore(): Promise<void> {
    this.latest += 1;
    if (this.opening === null) {
      return;
    }
    await this.opening.catch(() => {});
    if (this.before && this.selection) {
      const { document, viewColumn } = this.before;
      await vscode.window.showTextDocument(document, { viewColumn, selection: this.selection, preview: false });
    } else {
      await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
    }
  }

  dispose(): void {
    this.mark.dispose();
  }
}
