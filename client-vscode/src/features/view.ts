/**
 * The view in the side bar: a question, its filters as chips, and the hits by file with what was found in them marked.
 *
 * The page itself is in `webview/` and knows only the messages; questions, answers and opening are here. A page that was hidden
 * and is shown again is told the latest answer again.
 */

import * as vscode from "vscode";

import { Asker, search, sentence } from "../asking";
import type { Context } from "../context";
import { open } from "../opening";
import { folders } from "../places";
import type { Content, Hit, SearchAnswer } from "../protocol";
import { History } from "../recent";
import { excerpt } from "../text/excerpt";
import { asksSomething } from "../text/filters";
import { caveat, mayImprove } from "../text/freshness";
import { grouped } from "../text/grouping";
import { marks } from "../text/highlight";
import { telling } from "../text/telling";
import { why } from "../text/why";
import type { FromView, ShownGroup, ToView } from "../webview/messages";
import { page } from "../webview/page";

const VIEW = "codectxd.results";
const LINES = 5;
const AGAIN_MS = 300;

export function activate(context: Context): void {
  const view = new ResultsView(context);
  context.subscribe(vscode.window.registerWebviewViewProvider(VIEW, view));
  context.command("codectxd.focusView", (query?: string) => view.reveal(query));
  context.command("codectxd.showAnswer", (title: string, answer: SearchAnswer) => view.showAnswer(title, answer));
}

class ResultsView implements vscode.WebviewViewProvider {
  /** The page that is shown, once it listens. */
  private view: vscode.WebviewView | null = null;
  private resolved: vscode.WebviewView | null = null;
  private hits: readonly Hit[] = [];
  private query = "";
  private latest: ToView | null = null;
  private readonly waiting: ToView[] = [];
  /** What to ask again when the index goes on, because the latest answer lacked something. */
  private improvable: { query: string; content: Content } | null = null;
  private alarm: NodeJS.Timeout | undefined;
  private readonly asker: Asker;
  private readonly history: History;

  constructor(private readonly context: Context) {
    this.asker = new Asker(context);
    this.history = new History(context);
    context.subscribe(
      this.asker,
      context.onDidChangeStatus(() => this.askAgain()),
    );
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.resolved = view;
    this.view = null;
    const root = vscode.Uri.joinPath(this.context.extension.extensionUri, "dist");
    view.webview.options = { enableScripts: true, localResourceRoots: [root] };
    view.webview.onDidReceiveMessage((message: FromView) => this.heard(message), undefined, this.context.extension.subscriptions);
    view.onDidDispose(() => {
      this.view = null;
      this.resolved = null;
    });
    view.webview.html = page(view.webview, root);
  }

  /** Bring the view to front, and ask `query` there. */
  async reveal(query?: string): Promise<void> {
    this.say(typeof query === "string" ? { type: "ask", query } : { type: "focus" });
    await vscode.commands.executeCommand(`${VIEW}.focus`);
  }

  /** Show what was asked elsewhere. */
  async showAnswer(title: string, answer: SearchAnswer): Promise<void> {
    this.show("", title, answer);
    await vscode.commands.executeCommand(`${VIEW}.focus`);
  }

  private heard(message: FromView): unknown {
    switch (message.type) {
      case "ready":
        return this.ready();
      case "search":
        return this.search(message.query, message.content, message.remember);
      case "open":
        return this.open(message.id, message.side, message.keepFocus);
      case "folders":
        return this.offerFolders(message.wanted);
      case "forget":
        this.history.clear();
        return this.sayState();
    }
  }

  /** The page is there, perhaps again. */
  private ready(): void {
    this.view = this.resolved;
    this.sayState();
    for (const message of [...(this.latest ? [this.latest] : []), ...this.waiting.splice(0)]) {
      this.say(message);
    }
  }

  private askAgain(): void {
    const again = this.improvable;
    if (again && this.view?.visible) {
      this.improvable = null;
      clearTimeout(this.alarm);
      this.alarm = setTimeout(() => void this.search(again.query, again.content, false), AGAIN_MS);
    }
  }

  private async search(query: string, content: Content, remember: boolean): Promise<void> {
    clearTimeout(this.alarm);
    this.improvable = null;
    if (remember) {
      this.history.add(query);
      this.sayState();
    }
    if (!asksSomething(query)) {
      this.asker.cancel();
      return;
    }
    this.say({ type: "busy" });
    try {
      const answer = await this.asker.only((token) => search(this.context, { query, content }, token));
      if (answer) {
        this.show(query, query, answer);
        this.improvable = mayImprove(answer) ? { query, content } : null;
      }
    } catch (problem) {
      this.hits = [];
      this.latest = { type: "problem", message: sentence(problem) };
      this.say(this.latest);
    }
  }

  private show(query: string, title: string, answer: SearchAnswer): void {
    this.hits = answer.hits;
    this.query = query;
    const note = caveat(answer.freshness);
    this.latest = { type: "answer", query, title, note, groups: shown(answer, query) };
    this.say(this.latest);
  }

  private async open(id: number, side: boolean, keepFocus: boolean): Promise<void> {
    const hit = this.hits[id];
    if (hit) {
      this.history.add(this.query);
      this.sayState();
      await open(hit, this.query, { side, keepFocus, preview: keepFocus });
    }
  }

  private async offerFolders(wanted: string): Promise<void> {
    this.say({ type: "folders", wanted, folders: await folders(this.context, wanted) });
  }

  private sayState(): void {
    this.say({ type: "state", history: this.history.all, content: this.context.settings.content });
  }

  /** Tell the page; what is said before there is one waits for it. */
  private say(message: ToView): void {
    if (this.view) {
      void this.view.webview.postMessage(message);
    } else if (message !== this.latest) {
      this.waiting.push(message);
    }
  }
}

/** The hits as the page shows them. */
function shown(answer: SearchAnswer, query: string): ShownGroup[] {
  const wanted = marks(query, answer.explained?.terms);
  return grouped(answer.hits).map(({ path, hits }) => ({
    path,
    hits: hits.map(({ hit, rank }) => {
      const lines = excerpt(hit, query, wanted, LINES);
      const { line, isOfSymbol } = telling(hit, query);
      const { kind, unsaved } = hit;
      return { id: rank - 1, line: line + 1, symbol: isOfSymbol ? hit.symbol : null, kind, unsaved, why: why(hit), lines };
    }),
  }));
}
