/** Filters as chips: which kind of file answers, and what the question restricts itself to, each to be taken out again. */

import type { Content } from "../protocol";
import { chips, type Part } from "../text/filters";
import { element } from "./dom";

const KINDS: Record<Content, string> = { code: "Code", docs: "Docs", config: "Config", all: "All" };

export class Chips {
  private readonly kinds = element("div", { class: "chips", role: "radiogroup", "aria-label": "Kind of file" });
  private readonly filters = element("div", { class: "chips", role: "group", "aria-label": "Filters of the question" });
  readonly element = element("div", { class: "filters" }, this.kinds, this.filters);
  private chosen: Content = "code";

  /** `changed` hears of another kind, `removed` of a filter that is to go. */
  constructor(
    private readonly changed: () => void,
    private readonly removed: (part: Part) => void,
  ) {
    this.kinds.addEventListener("keydown", (event) => this.key(event));
    this.draw();
  }

  get content(): Content {
    return this.chosen;
  }

  choose(content: Content): void {
    this.chosen = content;
    this.draw();
  }

  /** Show the filters of `query`. */
  show(query: string): void {
    this.filters.replaceChildren(
      ...chips(query).map((part) => {
        const chip = element("button", { class: "chip", type: "button", "aria-label": `Remove ${part.raw}` }, part.raw, " ×");
        chip.addEventListener("click", () => this.removed(part));
        return chip;
      }),
    );
  }

  private draw(): void {
    this.kinds.replaceChildren(
      ...Object.entries(KINDS).map(([content, label]) => {
        const on = content === this.chosen;
        const attributes = {
          class: "chip kind",
          type: "button",
          role: "radio",
          "aria-checked": String(on),
          tabindex: on ? 0 : -1,
        };
        const chip = element("button", { ...attributes, "data-content": content }, label);
        chip.addEventListener("click", () => this.take(content as Content));
        return chip;
      }),
    );
  }

  private take(content: Content): void {
    this.choose(content);
    this.kinds.querySelector<HTMLElement>("[aria-checked=true]")?.focus();
    this.changed();
  }

  private key(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by !== undefined) {
      const all = Object.keys(KINDS) as Content[];
      this.take(all[(all.indexOf(this.chosen) + by + all.length) % all.length] ?? "code");
      event.preventDefault();
    }
  }
}
