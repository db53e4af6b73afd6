/**
 * The box that questions are typed into, with completions under it: a combobox as screen readers know them.
 *
 * Up and Down walk through the completions while there are some; else Up brings back earlier questions, and Down leaves for the
 * results.
 */

import { type Completion, completions, wantedPath } from "../text/completion";
import { element } from "./dom";

export interface Listening {
  typed(query: string): void;
  entered(query: string): void;
  left(): void;
  folders(wanted: string): void;
}

export class Box {
  readonly input = element("textarea", {
    id: "query",
    rows: 1,
    role: "combobox",
    spellcheck: "false",
    placeholder: 'Ask in plain words, or "exact words"',
    "aria-label": "Question to the code base",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": "completions",
    "aria-keyshortcuts": "ArrowUp ArrowDown Enter Tab Escape",
  });
  private readonly list = element("ul", { id: "completions", role: "listbox", "aria-label": "Completions", hidden: true });
  readonly element = element("div", { class: "box" }, this.input, this.list);
  private offered: Completion[] = [];
  private at = -1;
  private history: readonly string[] = [];
  private back = -1;

  constructor(private readonly listening: Listening) {
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.offer([]));
    this.list.addEventListener("mousedown", (event) => this.clicked(event));
  }

  get query(): string {
    return this.input.value;
  }

  /** Put a question into the box, the cursor at its end. */
  set(query: string): void {
    this.input.value = query;
    this.input.setSelectionRange(query.length, query.length);
    this.offer([]);
  }

  remember(history: readonly string[]): void {
    this.history = history;
    this.back = -1;
  }

  /** Folders have come for what is typed after `path:`. */
  fold(wanted: string, folders: readonly string[]): void {
    if (wantedPath(this.query, this.cursor) === wanted && document.activeElement === this.input) {
      this.offer(completions(this.query, this.cursor, folders));
    }
  }

  private get cursor(): number {
    return this.input.selectionStart ?? this.query.length;
  }

  private typed(): void {
    this.input.value = this.input.value.replace(/\n/g, " ");
    this.back = -1;
    this.offer(completions(this.query, this.cursor));
    const wanted = wantedPath(this.query, this.cursor);
    if (wanted !== null) {
      this.listening.folders(wanted);
    }
    this.listening.typed(this.query);
  }

  private key(event: KeyboardEvent): void {
    const keys: Record<string, () => boolean> = {
      ArrowDown: () => this.down(),
      ArrowUp: () => this.up(),
      Tab: () => !event.shiftKey && this.offered.length > 0 && this.take(Math.max(this.at, 0)),
      Enter: () => (this.at >= 0 ? this.take(this.at) : this.enter()),
      Escape: () => this.offered.length > 0 && this.offer([]),
    };
    if (keys[event.key]?.()) {
      event.preventDefault();
    }
  }

  private down(): boolean {
    if (this.offered.length > 0) {
      return this.walk(1);
    }
    if (this.back >= 0) {
      return this.recall(this.back - 1);
    }
    this.listening.left();
    return true;
  }

  private up(): boolean {
    return this.offered.length > 0 ? this.walk(-1) : this.recall(this.back + 1);
  }

  private recall(back: number): boolean {
    if (back < this.history.length) {
      this.back = back;
      this.input.value = this.history[back] ?? "";
      this.listening.typed(this.query);
    }
    return true;
  }

  private walk(by: number): boolean {
    const count = this.offered.length;
    this.at = (this.at + by + count + (this.at < 0 && by < 0 ? 1 : 0)) % count;
    [...this.list.children].forEach((item, index) => {
      item.setAttribute("aria-selected", String(index === this.at));
    });
    this.input.setAttribute("aria-activedescendant", `completion-${this.at}`);
    return true;
  }

  private enter(): boolean {
    this.offer([]);
    this.listening.entered(this.query);
    return true;
  }

  private take(at: number): boolean {
    const taken = this.offered[at];
    if (!taken) {
      return false;
    }
    this.input.value = taken.text;
    this.input.setSelectionRange(taken.cursor, taken.cursor);
    this.typed();
    return true;
  }

  private clicked(event: MouseEvent): void {
    event.preventDefault();
    const item = (event.target as Element).closest("li");
    if (item) {
      this.take([...this.list.children].indexOf(item));
    }
  }

  private offer(offered: Completion[]): boolean {
    this.offered = offered;
    this.at = -1;
    this.list.replaceChildren(
      ...offered.map(({ label, hint }, index) =>
        element(
          "li",
          { id: `completion-${index}`, role: "option", "aria-selected": "false" },
          element("span", { class: "label" }, label),
          element("span", { class: "hint" }, hint),
        ),
      ),
    );
    this.list.hidden = offered.length === 0;
    this.input.setAttribute("aria-expanded", String(offered.length > 0));
    this.input.removeAttribute("aria-activedescendant");
    return true;
  }
}
