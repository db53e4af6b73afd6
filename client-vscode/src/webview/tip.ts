/** Why a hit is there: a small window beside it, on hover after a moment, or at once by a key. */

import { element } from "./dom";

const PAUSE_MS = 350;

export class Tip {
  readonly element = element("div", { id: "why", role: "tooltip", hidden: true });
  private alarm = 0;
  private about: HTMLElement | null = null;

  get isShown(): boolean {
    return !this.element.hidden;
  }

  /** Show what is to be said of `item`, unless the pointer goes on. */
  showSoon(item: HTMLElement): void {
    if (item === this.about) {
      return;
    }
    this.hide();
    this.about = item;
    this.alarm = window.setTimeout(() => this.show(item), PAUSE_MS);
  }

  toggle(item: HTMLElement): void {
    if (this.isShown) {
      this.hide();
    } else {
      this.show(item);
    }
  }

  hide(): void {
    window.clearTimeout(this.alarm);
    this.about = null;
    this.element.hidden = true;
  }

  private show(item: HTMLElement): void {
    const said = item.dataset.why;
    if (!said) {
      return;
    }
    this.about = item;
    this.element.replaceChildren(...said.split("\n").map((line) => element("div", {}, line)));
    this.element.hidden = false;
    const { bottom, top } = item.getBoundingClientRect();
    const { height } = this.element.getBoundingClientRect();
    this.element.style.top = `${bottom + height < window.innerHeight ? bottom : Math.max(0, top - height)}px`;
  }
}
