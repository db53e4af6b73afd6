/** The view in the side bar, in the page: puts box, chips and results together, and speaks with the extension. */

import type { Content } from "../protocol";
import { without } from "../text/filters";
import { Box } from "./box";
import { Chips } from "./chips";
import { element } from "./dom";
import type { FromView, ShownGroup, ToView } from "./messages";
import { Tree } from "./tree";

const PAUSE_MS = 120;

const editor = acquireVsCodeApi<{ query: string }>();
const say = (message: FromView) => editor.postMessage(message);

const status = element("div", { id: "status", role: "status", "aria-live": "polite" });
const recent = element("div", { id: "recent" });
const box = new Box({
  typed: (query) => changed(query),
  entered: (query) => ask(query, true),
  left: () => void (tree.focus() || recent.querySelector<HTMLElement>("button")?.focus()),
  folders: (wanted) => say({ type: "folders", wanted }),
});
const chips = new Chips(
  () => ask(box.query, false),
  (part) => {
    box.set(without(box.query, part));
    box.input.focus();
    changed(box.query);
  },
);
const tree = new Tree(
  (id, { side, keepFocus }) => say({ type: "open", id, side, keepFocus }),
  () => box.input.focus(),
);

let pause = 0;
let history: string[] = [];
let knowsContent = false;

document.querySelector("main")?.append(box.element, chips.element, status, recent, tree.element, tree.tip.element);
window.addEventListener("message", ({ data }: MessageEvent<ToView>) => heard(data));
box.set(editor.getState()?.query ?? "");
chips.show(box.query);
say({ type: "ready" });

/** Something was typed: it is asked after a pause. */
function changed(query: string): void {
  editor.setState({ query });
  chips.show(query);
  window.clearTimeout(pause);
  if (query.trim() === "") {
    tree.show([]);
    status.textContent = "";
    showRecent();
    say({ type: "search", query, content: chips.content, remember: false });
  } else {
    pause = window.setTimeout(() => ask(query, false), PAUSE_MS);
  }
}

function ask(query: string, remember: boolean): void {
  window.clearTimeout(pause);
  recent.replaceChildren();
  say({ type: "search", query, content: chips.content, remember });
}

function heard(message: ToView): void {
  switch (message.type) {
    case "state":
      told(message.history, message.content);
      break;
    case "ask":
      box.set(message.query);
      changed(message.query);
      box.input.focus();
      break;
    case "focus":
      box.input.focus();
      break;
    case "busy":
      document.body.classList.add("busy");
      break;
    case "answer":
      answered(message.groups, message.title, message.note);
      break;
    case "problem":
      document.body.classList.remove("busy");
      tree.show([]);
      status.textContent = message.message;
      break;
    case "folders":
      box.fold(message.wanted, message.folders);
      break;
  }
}

/** The settings choose the kind of file at first, and whoever clicks from then on. */
function told(asked: string[], content: Content): void {
  history = asked;
  box.remember(asked);
  if (!knowsContent) {
    knowsContent = true;
    chips.choose(content);
  }
  showRecent();
}

function answered(groups: ShownGroup[], title: string, note: string): void {
  document.body.classList.remove("busy");
  recent.replaceChildren();
  tree.show(groups);
  const hits = groups.reduce((sum, group) => sum + group.hits.length, 0);
  const counted = `${hits} ${hits === 1 ? "hit" : "hits"} in ${groups.length} ${groups.length === 1 ? "file" : "files"}`;
  const about = title === box.query ? "" : ` ${title}`;
  status.textContent = `${hits === 0 ? "Nothing was found" : counted}${about}${note ? `; ${note}` : ""}.`;
}

/** With nothing asked, what was asked before. */
function showRecent(): void {
  if (box.query.trim() !== "" || history.length === 0) {
    recent.replaceChildren();
    return;
  }
  const forget = element("button", { type: "button", class: "link" }, "Forget these");
  forget.addEventListener("click", () => say({ type: "forget" }));
  const asked = history.slice(0, 12).map((query) => {
    const again = element("button", { type: "button", class: "again" }, query);
    again.addEventListener("click", () => heard({ type: "ask", query }));
    return again;
  });
  recent.replaceChildren(element("h2", {}, "Asked before"), ...asked, forget);
}
