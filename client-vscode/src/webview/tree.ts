/**
 * The results: files, and in each its hits, as a tree that keys walk through and screen readers know.
 *
 * Enter opens, Ctrl+Enter opens to the side, Space looks and stays, Left and Right fold, `?` tells why, Escape goes back.
 */

import { element } from "./dom";
import type { ShownGroup, ShownHit } from "./messages";
import { Tip } from "./tip";

export interface Opening {
  side: boolean;
  keepFocus: boolean;
}

export class Tree {
  readonly element = element("div", { role: "tree", id: "results", "aria-label": "Results by file" });
  readonly tip = new Tip();

  constructor(
    private readonly open: (id: number, opening: Opening) => void,
    private readonly left: () => void,
  ) {
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("click", (event) => this.clicked(event));
    this.element.addEventListener("focusin", (event) => this.focused(event.target as HTMLElement));
    this.element.addEventListener("mouseover", (event) => this.hovered(event));
    this.element.addEventListener("mouseleave", () => this.tip.hide());
    this.element.addEventListener("focusout", () => this.tip.hide());
  }

  /** Show `groups` in place of what was there. Who was walking through it stays where they were, if that is still there. */
  show(groups: readonly ShownGroup[]): void {
    const active = document.activeElement as HTMLElement | null;
    const at = active && this.element.contains(active) ? active.dataset.place : undefined;
    this.tip.hide();
    this.element.replaceChildren(...groups.map(ofGroup));
    this.items[0]?.setAttribute("tabindex", "0");
    if (at === undefined) {
      this.element.scrollTop = 0;
    } else {
      (this.items.find((item) => item.dataset.place === at) ?? this.items[0])?.focus();
    }
  }

  /** Go to the first hit; false where there is none. */
  focus(): boolean {
    const first = this.element.querySelector<HTMLElement>("[aria-level='2']");
    first?.focus();
    return first !== null;
  }

  /** What can be walked to. */
  private get items(): HTMLElement[] {
    const all = [...this.element.querySelectorAll<HTMLElement>("[role=treeitem]")];
    return all.filter((item) => !item.parentElement?.closest("[aria-expanded=false]"));
  }

  private key(event: KeyboardEvent): void {
    const item = (event.target as HTMLElement).closest<HTMLElement>("[role=treeitem]");
    if (!item) {
      return;
    }
    const keys: Record<string, () => void> = {
      ArrowDown: () => this.walk(item, 1),
      ArrowUp: () => this.walk(item, -1),
      Home: () => this.items[0]?.focus(),
      End: () => this.items.at(-1)?.focus(),
      ArrowLeft: () => this.fold(item),
      ArrowRight: () => this.unfold(item),
      Enter: () => this.take(item, { side: event.ctrlKey || event.metaKey || event.altKey, keepFocus: false }),
      " ": () => this.take(item, { side: false, keepFocus: true }),
      "?": () => this.tip.toggle(item),
      Escape: () => (this.tip.isShown ? this.tip.hide() : this.left()),
      "/": () => this.left(),
    };
    const found = keys[event.key];
    if (found) {
      event.preventDefault();
      event.stopPropagation();
      found();
    }
  }

  private walk(item: HTMLElement, by: number): void {
    const { items } = this;
    const to = items.indexOf(item) + by;
    if (to < 0) {
      this.left();
    } else {
      items[to]?.focus();
    }
  }

  private fold(item: HTMLElement): void {
    if (item.getAttribute("aria-expanded") === "true") {
      item.setAttribute("aria-expanded", "false");
    } else {
      item.parentElement?.closest<HTMLElement>("[role=treeitem]")?.focus();
    }
  }

  private unfold(item: HTMLElement): void {
    if (item.getAttribute("aria-expanded") === "true") {
      this.walk(item, 1);
    } else if (item.hasAttribute("aria-expanded")) {
      item.setAttribute("aria-expanded", "true");
    }
  }

  private take(item: HTMLElement, opening: Opening): void {
    const { id } = item.dataset;
    if (id !== undefined) {
      this.open(Number(id), opening);
    } else {
      item.setAttribute("aria-expanded", String(item.getAttribute("aria-expanded") !== "true"));
    }
  }

  private clicked(event: MouseEvent): void {
    const item = (event.target as HTMLElement).closest<HTMLElement>("[role=treeitem]");
    if (item) {
      item.focus();
      this.take(item, { side: event.ctrlKey || event.metaKey || event.altKey, keepFocus: false });
    }
  }

  private focused(target: HTMLElement): void {
    for (const item of this.element.querySelectorAll("[tabindex='0']")) {
      item.setAttribute("tabindex", "-1");
    }
    target.setAttribute("tabindex", "0");
    target.scrollIntoView({ block: "nearest" });
  }

  private hovered(event: MouseEvent): void {
    const item = (event.target as HTMLElement).closest<HTMLElement>("[data-id]");
    if (item) {
      this.tip.showSoon(item);
    } else {
      this.tip.hide();
    }
  }
}

function ofGroup({ path, hits }: ShownGroup): HTMLElement {
  const name = path.split("/").at(-1) ?? path;
  const folder = path.slice(0, path.length - name.length).replace(/\/$/, "");
  const label = `${path}, ${hits.length} ${hits.length === 1 ? "hit" : "hits"}`;
  const head = element(
    "div",
    { class: "file", title: path },
    element("span", { class: "name" }, name),
    element("span", { class: "folder" }, folder),
    element("span", { class: "count", "aria-hidden": "true" }, String(hits.length)),
  );
  const attributes = { role: "treeitem", "aria-level": 1, "aria-expanded": "true", "aria-label": label, tabindex: -1 };
  const shown = hits.map((hit) => ofHit(hit, path));
  return element("div", { ...attributes, "data-place": path }, head, element("div", { role: "group" }, ...shown));
}

function ofHit({ id, line, symbol, kind, unsaved, why, lines }: ShownHit, path: string): HTMLElement {
  const name = symbol ? `${kind ?? ""} ${symbol}`.trim() : `line ${line}`;
  const shown = lines.find(({ number }) => number === line) ?? lines[0];
  const first = shown?.pieces.map((piece) => piece.text).join("") ?? "";
  const label = `${name}, line ${line}${unsaved ? ", unsaved" : ""}: ${first.trim()}`;
  const head = element("div", { class: "head" }, element("span", { class: "symbol" }, name));
  if (unsaved) {
    head.append(element("span", { class: "unsaved" }, "unsaved"));
  }
  const code = element("div", { class: "code", "aria-hidden": "true" });
  for (const { number, pieces } of lines) {
    const marked = pieces.map((piece) => (piece.marked ? element("mark", {}, piece.text) : piece.text));
    code.append(element("div", { class: "line" }, element("span", { class: "number" }, String(number)), ...marked));
  }
  const attributes = { role: "treeitem", "aria-level": 2, "aria-label": label, "aria-description": why.join(" "), tabindex: -1 };
  return element(
    "div",
    { ...attributes, "data-id": id, "data-place": `${path}:${line}`, "data-why": why.join("\n") },
    head,
    code,
  );
}
