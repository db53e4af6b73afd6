/**
 * A quick pick of hits: previewed on move, opened on Enter, to the side with Ctrl+\ or its button, left as it was on Escape.
 *
 * VS Code keeps Enter with any modifier for itself, and does not say which it was: hence its own key for splitting.
 * VS Code would filter and sort what is picked from by its own rules: every item asks to be shown always, and in our order.
 */

import * as vscode from "vscode";

import type { Context } from "./context";
import { open, Preview } from "./opening";
import type { Hit, SearchAnswer } from "./protocol";
import { caveat } from "./text/freshness";
import { telling } from "./text/telling";

export interface HitItem extends vscode.QuickPickItem {
  hit: Hit;
}

const SIDE: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("split-horizontal"),
  tooltip: "Open to the Side (Ctrl+\\)",
};

/** The key under which keybindings know that hits are picked from. */
const PICKING = "codectxd.picking";

export class Picker<Item extends vscode.QuickPickItem = vscode.QuickPickItem> implements vscode.Disposable {
  readonly pick = vscode.window.createQuickPick<Item | HitItem>();
  private readonly preview = new Preview();
  private opened = false;
  /** What the keyboard is at without anybody's doing. */
  private untouched: readonly unknown[] = [];
  /** Whether somebody moved since something was typed. */
  private walked = false;

  /** `query` says what was asked, for the line to go to; `accepted` takes what is no hit, and keeps the pick open. */
  constructor(
    private readonly context: Context,
    private readonly query: () => string,
    private readonly accepted: (item: Item) => void = () => {},
    private readonly left: () => void = () => {},
  ) {
    Picker.current = this as unknown as Picker;
    this.pick.matchOnDescription = false;
    keepOrder(this.pick);
    this.pick.onDidChangeValue(() => {
      this.walked = false;
    });
    this.pick.onDidChangeActive((items) => this.moved(items));
    this.pick.onDidAccept(() => void this.accept({ side: false }));
    this.pick.onDidTriggerItemButton(({ item }) => isHit(item) && void this.openHit(item, { side: true }));
    this.pick.onDidHide(() => void this.hidden());
    void vscode.commands.executeCommand("setContext", PICKING, true);
  }

  /** The one that is open, if one is: what keys speak to. */
  static current: Picker | null = null;

  /** Show `items` in place of what was there, the keyboard at the first hit, or where it was moved to; neither is previewed by itself. */
  show(items: readonly (Item | HitItem)[]): void {
    const [active] = this.pick.activeItems;
    const moved = active && this.walked ? items.find((item) => isSame(item, active)) : undefined;
    this.pick.items = items;
    const at = moved ?? items.find(isHit) ?? items[0];
    this.untouched = [at, items[0]];
    if (at && at !== items[0]) {
      this.pick.activeItems = [at];
    }
  }

  /** Take the item that the keyboard is at. */
  async accept({ side }: { side: boolean }): Promise<void> {
    const [item] = this.pick.activeItems;
    if (item && isHit(item)) {
      await this.openHit(item, { side });
    } else if (item) {
      this.accepted(item as Item);
    }
  }

  private async openHit({ hit }: HitItem, { side }: { side: boolean }): Promise<void> {
    this.opened = true;
    if (side) {
      await this.preview.restore();
    }
    this.pick.hide();
    await open(hit, this.query(), { side });
  }

  private moved(items: readonly (Item | HitItem)[]): void {
    const [item] = items;
    const byItself = item !== undefined && this.untouched.includes(item);
    if (!byItself && item !== undefined) {
      this.untouched = [];
      this.walked = true;
    }
    if (item && isHit(item) && !byItself && this.context.settings.preview) {
      this.preview.show(item.hit, this.query()).catch((problem) => this.context.log.warn(`No preview: ${problem}`));
    }
  }

  private async hidden(): Promise<void> {
    if (Picker.current === (this as unknown as Picker)) {
      Picker.current = null;
      void vscode.commands.executeCommand("setContext", PICKING, false);
    }
    this.left();
    if (!this.opened) {
      await this.preview.restore();
    }
    this.dispose();
  }

  dispose(): void {
    this.preview.dispose();
    this.pick.dispose();
  }
}

const LIKENESS = { duplicate: "duplicate", near: "near duplicate" };

/** Characters of a line that stands for a name. */
const LONGEST = 80;

/** One item for a hit: its name, or its line where that is not about what the hit is named after, where it is, and the line. */
export function itemOf(hit: Hit, query: string): HitItem {
  const { line, text, next, isOfSymbol } = telling(hit, query);
  const sign = hit.symbol ? icon(hit.kind) : "file";
  const name = hit.symbol ?? hit.path.split("/").at(-1) ?? hit.path;
  return {
    label: `$(${sign}) ${isOfSymbol ? name : text.slice(0, LONGEST)}`,
    description: `${hit.path}:${line + 1}${hit.likeness ? `  (${LIKENESS[hit.likeness]})` : ""}${hit.unsaved ? "  (unsaved)" : ""}`,
    detail: isOfSymbol ? text : next,
    alwaysShow: true,
    buttons: [SIDE],
    hit,
  };
}

/** The title over an answer: how many, how fast, and what it does not cover. */
export function titleOf({ hits, freshness, tookMs }: SearchAnswer): string {
  const note = caveat(freshness);
  return `${hits.length} ${hits.length === 1 ? "hit" : "hits"} in ${Math.round(tookMs)} ms${note ? ` (${note})` : ""}`;
}

/** Whether two items are about the same place. */
function isSame(one: vscode.QuickPickItem, other: vscode.QuickPickItem): boolean {
  return one.label === other.label && one.description === other.description;
}

export function isHit(item: vscode.QuickPickItem): item is HitItem {
  return "hit" in item;
}

const ICONS: Record<string, string> = {
  class: "symbol-class",
  constant: "symbol-constant",
  enum: "symbol-enum",
  field: "symbol-field",
  interface: "symbol-interface",
  method: "symbol-method",
  module: "symbol-module",
  namespace: "symbol-namespace",
  property: "symbol-property",
  section: "symbol-string",
  struct: "symbol-struct",
  variable: "symbol-variable",
};

function icon(kind: string | null): string {
  return ICONS[kind ?? ""] ?? "symbol-function";
}

/** What the interface of VS Code has, though its types do not say so yet; without it items whose label is like the text come first. */
function keepOrder(pick: object): void {
  try {
    (pick as { sortByLabel?: boolean }).sortByLabel = false;
  } catch {
    // A version that keeps it for itself: items are then sorted by how their labels match.
  }
}
