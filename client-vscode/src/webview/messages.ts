/** What the view in the side bar and the extension say to each other. */

import type { Content } from "../protocol";
import type { Line } from "../text/excerpt";

export interface ShownHit {
  /** Its place in the answer, by which it is opened. */
  id: number;
  line: number;
  symbol: string | null;
  kind: string | null;
  unsaved: boolean;
  why: string[];
  lines: Line[];
}

export interface ShownGroup {
  path: string;
  hits: ShownHit[];
}

export type ToView =
  | { type: "state"; history: string[]; content: Content }
  | { type: "ask"; query: string }
  | { type: "busy" }
  | { type: "answer"; query: string; title: string; note: string; groups: ShownGroup[] }
  | { type: "problem"; message: string }
  | { type: "folders"; wanted: string; folders: string[] }
  | { type: "focus" };

export type FromView =
  | { type: "ready" }
  | { type: "search"; query: string; content: Content; remember: boolean }
  | { type: "open"; id: number; side: boolean; keepFocus: boolean }
  | { type: "folders"; wanted: string }
  | { type: "forget" };
