/** Where a server is looked for, which ones fit, and what is said where none does; with real programs where one is run. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { candidates, type Surroundings } from "../../src/server/candidates";
import { find } from "../../src/server/find";
import { install, offlinePage, pip } from "../../src/server/install";
import { lastLine } from "../../src/server/problem";
import { ServerProcess } from "../../src/server/process";
import { run } from "../../src/server/run";
import { judged, versionIn } from "../../src/server/version";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cu-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function around(changes: Partial<Surroundings> = {}): Surroundings {
  return {
    setting: "",
    trusted: true,
    interpreter: null,
    folders: [join(folder, "w")],
    searchPath: `${join(folder, "p")}:relative`,
    environment: join(folder, "e"),
    home: "/h",
    windows: false,
    ...changes,
  };
}

function program(path: string, script: string): string {
  const file = join(folder, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe("candidates", () => {
  test("come in order: the workspace's interpreter, its environments, PATH, the private one", () => {
    const found = candidates(around({ interpreter: "/i/bin/python" })).map(({ file }) => file.replace(folder, ""));
    expect(found).toEqual(["/i/bin/codectxd", "/w/.venv/bin/codectxd", "/w/venv/bin/codectxd", "/p/codectxd", "/e/bin/codectxd"]);
  });

  test("of a workspace that is not trusted are not looked at", () => {
    const sources = candidates(around({ trusted: false, interpreter: "/i/bin/python" })).map(({ source }) => source);
    expect(sources).toEqual(["PATH", "private environment"]);
  });

  test("are the setting alone where there is one", () => {
    expect(candidates(around({ setting: "~/x" }))).toEqual([{ source: "setting", file: "/h/x" }]);
    expect(candidates(around({ setting: "${workspaceFolder}/c" }))[0]?.file).toBe(join(folder, "w/c"));
  });
});

describe("the version", () => {
  test.each([
    ["0.1.0", "fits"],
    ["0.9.12", "fits"],
    ["0.0.9", "too old"],
    ["1.0.0", "too new"],
    [null, "unknown"],
  ])("%s %s", (version, verdict) => expect(judged(version)).toBe(verdict));

  test("is read from what is printed", () => {
    expect(versionIn("warning\ncodectxd 0.1.0\n")).toBe("0.1.0");
    expect(versionIn("codex 1.2.3")).toBeNull();
  });
});

describe("finding", () => {
  const quiet = () => {};

  test("takes the first that fits, and passes over one that does not", async () => {
    program("w/.venv/bin/codectxd", "exit 1");
    const file = program("p/codectxd", "echo codectxd 0.1.5");
    expect(await find(around(), quiet)).toEqual({ file, source: "PATH", version: "0.1.5" });
  });

  test.each([
    ["echo codectxd 0.0.1", "server too old", "install"],
    ["echo codectxd 3.0.0", "server too new", "update"],
    ["echo boom >&2; exit 1", "server does not start", "log"],
  ])("tells of one that says %s", async (script, title, action) => {
    program("p/codectxd", script);
    expect(await find(around(), quiet)).toMatchObject({ title, action });
  });

  test("tells that there is none, and that the setting leads nowhere", async () => {
    expect(await find(around(), quiet)).toMatchObject({ title: "not installed", action: "install" });
    expect(await find(around({ setting: "/nowhere" }), quiet)).toMatchObject({ title: "no server", action: "settings" });
  });
});

describe("installing", () => {
  const order = () => ({
    environment: join(folder, "e"),
    wheels: folder,
    pythons: [] as string[],
    pipArguments: ["--no-index"],
    proxy: "http://proxy:1",
    windows: false,
    signal: new AbortController().signal,
    hears: () => {},
  });

  test("goes through the proxy and takes what the settings add", () => {
    expect(pip(order(), "c.whl").join(" ")).toBe(
      "-m pip install --disable-pip-version-check --no-input --proxy http://proxy:1 --no-index c.whl",
    );
  });

  test("without a Python that will do says so", async () => {
    const old = program("python", "exit 1");
    expect(await install({ ...order(), pythons: [old, "/nowhere"] })).toMatchObject({ title: "no Python" });
  });

  test("that fails says what pip said, and leaves nothing", async () => {
    const python = program(
      "python",
      `[ "$2" = venv ] || exit 0; mkdir -p "$3/bin"; printf '#!/bin/sh\\necho "ERROR: no tokenizers"; exit 1' > "$3/bin/python"; chmod +x "$3/bin/python"`,
    );
    expect(await install({ ...order(), pythons: [python] })).toMatchObject({
      action: "offline",
      message: /ERROR: no tokenizers/,
    });
    expect((await run("ls", [folder], { deadlineMs: 5_000 })).said).toBe("python\n");
  });

  test("without a network has a page that names the wheel", () => {
    expect(offlinePage("/x/codectxd-0.1.0-py3-none-any.whl")).toContain("--dest codectxd-wheels codectxd-0.1.0-py3-none-any.whl");
  });
});

test("a program that hangs is ended", async () => {
  const { status, said } = await run("sleep", ["60"], { deadlineMs: 100 });
  expect(status).toBeNull();
  expect(said).toContain("longer than 0.1 s");
});

test("the last line of what was said is short enough for a notification", () => {
  expect(lastLine(`a\n${"b".repeat(500)}\n`)).toHaveLength(300);
});

describe("the process of a server", () => {
  const heard: string[] = [];
  const process = (script: string) => new ServerProcess(program("server", script), ["--stdio"], (text) => heard.push(text));

  test("is heard to the end, though its output closes first", async () => {
    const server = process('exec >&-; sleep 0.3; echo "out of memory" >&2; exit 3');
    const child = await server.start(folder);
    await new Promise((resolve) => child.stdout?.once("close", resolve).resume());
    expect(await server.complaint()).toBe("out of memory\n");
    expect(heard.join("")).toContain("out of memory");
  });

  test("is not waited for without end", async () => {
    const server = process('echo "one moment" >&2; exec sleep 60');
    const child = await server.start(folder);
    await new Promise((resolve) => child.stderr?.once("data", resolve));
    expect(await server.complaint()).toBe("one moment\n");
    child.kill();
  });

  test("that cannot be started says nothing", async () => {
    const server = new ServerProcess(join(folder, "nowhere"), [], () => {});
    await expect(server.start(folder)).rejects.toThrow("ENOENT");
    expect(await server.complaint()).toBe("");
  });
});
