/** The page of the view: its frame, with a policy that lets in nothing but our own script and style. Runs in the extension. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** The document; `root` is the folder of the script and the style. */
export function page(webview: vscode.Webview, root: vscode.Uri): string {
  const nonce = randomBytes(16).toString("base64");
  const file = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(root, name));
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}';">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${file("view.css")}">
<title>codectxd</title>
</head>
<body>
<main></main>
<script nonce="${nonce}" src="${file("view.js")}"></script>
</body>
</html>`;
}
