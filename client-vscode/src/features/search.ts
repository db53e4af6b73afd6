/**
 * The search as people search: a quick pick that answers while one types.
 *
 * What is typed is asked after a pause, the question before it is called off, and what stands in the pick stays until something
 * better comes. Filters are completed at the top, with Tab or Enter. With nothing typed, the questions asked before are offered.
 */

import * as vscode from "vscode";

import { Asker, sentence } from "../asking";
import type { Context } from "../context";
import { type HitItem, itemOf, Picker, titleOf } from "../picker";
import { folders } from "../places";
import type { SearchAnswer } from "../protocol";
import { History } from "../recent";
import { type Completion, completions, wantedPath } from "../text/completion";
import { asksSomething } from "../text/filters";
import { caveat, mayImprove } from "../text/freshness";

interface OtherItem extends vscode.QuickPickItem {
  /** What the text becomes when this is taken. */
  becomes?: string;
}

const AGAIN_MS = 200;
const ALL: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon("list-tree"), tooltip: "Show in the Side Bar" };

/** The key under which keybindings know that there is something to complete. */
const COMPLETING = "codectxd.completing";

export function activate(context: Context): void {
  const history = new History(context);
  context.command("codectxd.search", (query?: unknown) => new QuickSearch(context, history).show(query));
  context.command("codectxd.openToSide", () => Picker.current?.accept({ side: true }));
  context.command("codectxd.complete", () => QuickSearch.current?.complete());
  context.command("codectxd.clearHistory", () => history.clear());
}

class QuickSearch {
  static current: QuickSearch | null = null;

  private readonly picker: Picker<OtherItem>;
  private readonly asker: Asker;
  private pause: NodeJS.Timeout | undefined;
  private found: HitItem[] = [];
  private offered: Completion[] = [];
  private said: OtherItem[] = [];
  /** Whether the latest answer may be bettered by what the daemon does now. */
  private improvable = false;
  private readonly watching: vscode.Disposable;

  constructor(
    private readonly context: Context,
    private readonly history: History,
  ) {
    this.asker = new Asker(context);
    this.picker = new Picker<OtherItem>(
      context,
      () => this.query,
      (item) => this.take(item),
      () => this.leave(),
    );
    this.watching = context.onDidChangeStatus(() => this.askAgain());
    QuickSearch.current = this;
  }

  show(query?: unknown): void {
    const { pick } = this.picker;
    pick.placeholder = 'Ask in plain words, or with lang: path: content: "exact words"';
    pick.buttons = [ALL];
    pick.onDidChangeValue(() => this.typed());
    pick.onDidTriggerButton(() => this.showAll());
    pick.onDidAccept(() => this.remember());
    pick.value = typeof query === "string" ? query : "";
    pick.show();
    this.typed();
  }

  /** Take the first completion, as Tab does. */
  complete(): void {
    const [first] = this.offered;
    if (first) {
      this.becomes(first.text);
    }
  }

  private get query(): string {
    return this.picker.pick.value;
  }

  private typed(): void {
    clearTimeout(this.pause);
    this.asker.cancel();
    const offered = this.offered;
    this.offered = completions(this.query, this.query.length);
    if (offered.length + this.offered.length > 0) {
      this.fill();
    }
    if (!asksSomething(this.query)) {
      this.picker.pick.busy = false;
      this.picker.pick.title = undefined;
      this.found = [];
      this.said = this.query === "" ? this.recent() : [];
      this.fill();
    }
    this.improvable = false;
    this.pause = setTimeout(() => void this.ask(), this.context.settings.debounceMs);
  }

  /** The index went on: an answer that lacked something is asked for again. */
  private askAgain(): void {
    if (this.improvable) {
      this.improvable = false;
      clearTimeout(this.pause);
      this.pause = setTimeout(() => void this.ask(), AGAIN_MS);
    }
  }

  private async ask(): Promise<void> {
    void this.offerFolders();
    const { query } = this;
    if (!asksSomething(query)) {
      return;
    }
    this.picker.pick.busy = true;
    try {
      const answer = await this.asker.ask(query);
      if (answer === null) {
        return;
      }
      this.found = answer.hits.map((hit) => itemOf(hit, query));
      this.improvable = mayImprove(answer);
      this.said = this.found.length === 0 ? [said(`$(info) ${nothing(answer)}`)] : [];
      this.picker.pick.title = titleOf(answer);
    } catch (problem) {
      this.found = [];
      this.said = [said(`$(warning) ${sentence(problem)}`)];
      this.picker.pick.title = undefined;
    }
    this.picker.pick.busy = false;
    this.fill();
  }

  /** Folders that fit `path:` come from the server, and only while one is typed. */
  private async offerFolders(): Promise<void> {
    const { query } = this;
    const wanted = wantedPath(query, query.length);
    if (wanted === null) {
      return;
    }
    const found = await folders(this.context, wanted);
    if (this.query === query) {
      this.offered = completions(query, query.length, found);
      this.fill();
    }
  }

  private fill(): void {
    const completing = this.offered.map(({ label, hint, text }) => ({
      label: `$(filter) ${label}`,
      description: hint,
      alwaysShow: true,
      becomes: text,
    }));
    void vscode.commands.executeCommand("setContext", COMPLETING, completing.length > 0);
    this.picker.show([...completing, ...this.said, ...this.found]);
  }

  private recent(): OtherItem[] {
    return this.history.all.map((text) => ({ label: `$(history) ${text}`, alwaysShow: true, becomes: text }));
  }

  private take({ becomes }: OtherItem): void {
    if (becomes !== undefined) {
      this.becomes(becomes);
    }
  }

  private becomes(text: string): void {
    this.picker.pick.value = text;
    this.typed();
  }

  private remember(): void {
    const [item] = this.picker.pick.activeItems;
    if (item && "hit" in item) {
      this.history.add(this.query);
    }
  }

  private showAll(): void {
    const { query } = this;
    this.picker.pick.hide();
    void vscode.commands.executeCommand("codectxd.focusView", query);
  }

  private leave(): void {
    void vscode.commands.executeCommand("setContext", COMPLETING, false);
    clearTimeout(this.pause);
    this.watching.dispose();
    this.asker.dispose();
    if (QuickSearch.current === this) {
      QuickSearch.current = null;
    }
  }
}

function nothing({ freshness }: SearchAnswer): string {
  const note = caveat(freshness);
  return note ? `Nothing was found yet: ${note}.` : "Nothing was found.";
}

function said(label: string): OtherItem {
  return { label, alwaysShow: true };
}
