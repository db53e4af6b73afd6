/**
 * The extension: a context, and its features, each in a file of its own.
 *
 * Nothing that takes time happens before `activate` returns: the server is looked for and started afterwards.
 */

import type * as vscode from "vscode";

import { Context } from "./context";
import * as details from "./features/details";
import * as install from "./features/install";
import * as reindex from "./features/reindex";
import * as report from "./features/report";
import * as restart from "./features/restart";
import * as search from "./features/search";
import * as similar from "./features/similar";
import * as status from "./features/status";
import * as tool from "./features/tool";
import * as view from "./features/view";

/** The history of a range of lines will be one more of these. */
const FEATURES = [status, details, install, restart, reindex, report, search, similar, view, tool];

export function activate(extension: vscode.ExtensionContext): void {
  const context = new Context(extension);
  for (const feature of FEATURES) {
    feature.activate(context);
  }
  void context.restart();
}
