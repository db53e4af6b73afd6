/** Runs the tests of `test/host` inside the extension host of each editor, with the packaged extension installed. */

import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

import { Editor } from "../support/editor";
import { remove, repository, temporary, until, wantedVersions, write } from "../support/machine";
import { SHOP } from "../support/shop";

describe.each(wantedVersions)("VS Code %s", (version) => {
  test("the tests inside the extension host pass", async () => {
    const folder = temporary();
    const tests = join(folder, "tests");
    const manifest = { name: "tests", publisher: "codectxd", version: "0.0.0", engines: { vscode: "^1.100.0" } };
    write(tests, { "package.json": JSON.stringify(manifest) });
    const entry = join(import.meta.dirname, "../host/index.ts");
    await build({ entryPoints: [entry], outfile: join(tests, "index.js"), bundle: true, platform: "node", external: ["vscode"] });
    repository(join(folder, "shop"), SHOP);
    const said: string[] = [];
    let status: number | null = null;
    const editor = await Editor.start({
      version,
      workspace: join(folder, "shop"),
      payload: [
        ["extensionDevelopmentPath", remote(tests)],
        ["extensionTestsPath", remote(join(tests, "index.js"))],
      ],
      exposed: {
        codeAutomationLog: (_type: string, args: unknown[]) => said.push(String(args?.[0] ?? "")),
        codeAutomationExit: (code: number) => {
          status = code;
        },
      },
    });
    try {
      await until("the tests have ended", () => status !== null, 150_000);
      const lines = said.filter((line) => /^(ok |FAILED |\d+ passed)/.test(line));
      console.log(lines.join("\n"));
      expect({ status, failed: lines.filter((line) => line.startsWith("FAILED")) }).toEqual({ status: 0, failed: [] });
      expect(lines.at(-1)).toMatch(/^1[0-9] passed, 0 failed$/);
    } finally {
      await editor.end();
      remove(folder);
    }
  }, 240_000);
});

function remote(path: string): string {
  return `vscode-remote://AUTHORITY${path}`;
}
