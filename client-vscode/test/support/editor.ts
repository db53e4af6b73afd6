/** The real VS Code with the packaged extension in it, in Chromium, driven as a person drives it: keys, clicks, and looking. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { type Browser, chromium, type Frame, type Locator, type Page } from "playwright-core";

import { binaries, chromiumProgram, node, remove, serverMain, temporary, until, type Version, vsix, write } from "./machine";

export interface Start {
  version: Version;
  workspace: string;
  /** Where the codectxd of the test lives; one that is not given is made and removed. */
  home?: string;
  settings?: Record<string, unknown>;
  /** Settings that a workspace may not make. */
  machineSettings?: Record<string, unknown>;
  /** Folders of programs; without it, that of the installed `codectxd` and the system's. */
  path?: string[];
  trust?: boolean;
  environment?: Record<string, string>;
  /** Beside the folder; `AUTHORITY` stands for the address of the server. */
  payload?: [string, string][];
  /** What the page may call. */
  exposed?: Record<string, (...args: never[]) => unknown>;
  size?: { width: number; height: number };
}

/** What the machine's environment decides: where things are, and how pip gets out. */
const KEPT = /^(HOME|LANG|TMPDIR|PIP_.*|(https?|no)_proxy|SSL_CERT_FILE|REQUESTS_CA_BUNDLE)$/i;

const SYSTEM = ["/usr/local/bin", "/usr/bin", "/bin"];

export class Editor {
  readonly #folder = temporary();
  #server: ChildProcess | null = null;
  #browser: Browser | null = null;
  page!: Page;
  readonly home: string;
  /** What the browser was told that went wrong. */
  readonly errors: string[] = [];

  private constructor(private readonly begin: Start) {
    this.home = begin.home ?? join(this.#folder, "h");
  }

  /** An editor that has the workspace open. */
  static async start(begin: Start): Promise<Editor> {
    const editor = new Editor(begin);
    try {
      await editor.#start();
    } catch (problem) {
      await editor.end();
      throw problem;
    }
    return editor;
  }

  async #start(): Promise<void> {
    this.settings(this.begin.settings ?? {});
    this.machineSettings(this.begin.machineSettings ?? {});
    write(this.home, { "config.toml": "idle_exit_s = 60.0\n" });
    const port = await freePort();
    this.#install();
    this.#server = spawn(node(this.begin.version), this.#arguments(port), {
      env: this.#environment(),
      detached: true,
      stdio: process.env.CODECTXD_LOUD ? "inherit" : "ignore",
    });
    await until("VS Code serves", async () => (await fetch(`http://127.0.0.1:${port}/version`).catch(() => null))?.ok, 60_000);
    await this.#open(port);
  }

  /** Have these settings in the workspace, beside what keeps it quiet. */
  settings(settings: Record<string, unknown>): void {
    if (!this.begin.workspace.endsWith(".code-workspace")) {
      write(this.begin.workspace, { ".vscode/settings.json": JSON.stringify(settings) });
    }
  }

  machineSettings(settings: Record<string, unknown>): void {
    write(join(this.#folder, "d/data/Machine"), { "settings.json": JSON.stringify({ ...QUIET, ...settings }) });
  }

  #install(): void {
    const args = [serverMain(this.begin.version), ...this.#folders(), "--install-extension", vsix];
    const done = spawnSync(node(this.begin.version), args, { env: this.#environment(), encoding: "utf8" });
    if (done.status !== 0) {
      throw new Error(`the VSIX could not be installed: ${done.stdout}${done.stderr}`);
    }
  }

  #folders(): string[] {
    const data = join(this.#folder, "d");
    return ["--accept-server-license-terms", "--server-data-dir", data, "--extensions-dir", join(data, "ext")];
  }

  #arguments(port: number): string[] {
    const trust = this.begin.trust ? [] : ["--disable-workspace-trust"];
    // Tests inside of the extension host need it; it keeps notifications from being shown, as people see them.
    const inside = this.begin.payload ? ["--enable-smoke-test-driver"] : [];
    const quiet = ["--without-connection-token", "--force-disable-user-env", "--telemetry-level", "off", ...trust, ...inside];
    return [serverMain(this.begin.version), ...this.#folders(), "--host", "127.0.0.1", "--port", String(port), ...quiet];
  }

  #environment(): NodeJS.ProcessEnv {
    const path = this.begin.path ?? [binaries, ...SYSTEM];
    const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => KEPT.test(name)));
    const ours = { EXTENSIONS_GALLERY: "{}", CODECTX_HOME: this.home, PATH: path.join(delimiter) };
    return { ...kept, ...ours, ...this.begin.environment };
  }

  async #open(port: number): Promise<void> {
    this.#browser = await chromium.launch({ executablePath: chromiumProgram(), args: CHROMIUM });
    const size = this.begin.size ?? { width: 1280, height: 800 };
    this.page = await this.#browser.newPage({ viewport: size });
    this.page.on("pageerror", (problem) => this.errors.push(String(problem)));
    for (const [name, call] of Object.entries(this.begin.exposed ?? {})) {
      await this.page.exposeFunction(name, call);
    }
    const all = JSON.stringify([["skipWelcome", "true"], ...(this.begin.payload ?? [])]);
    const payload = encodeURIComponent(all.replaceAll("AUTHORITY", `127.0.0.1:${port}`));
    const folder = this.begin.workspace.endsWith(".code-workspace") ? "workspace" : "folder";
    await this.page.goto(`http://127.0.0.1:${port}/?${folder}=${this.begin.workspace}&payload=${payload}`);
    await this.page.locator(".monaco-workbench").waitFor({ timeout: 60_000 });
  }

  /** End the editor, and every process of it. */
  async end(): Promise<void> {
    await this.#browser?.close().catch(() => {});
    const pid = this.#server?.pid;
    if (pid !== undefined) {
      const gone = new Promise((resolve) => this.#server?.once("exit", resolve));
      signal(-pid, "SIGTERM");
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 5_000))]);
      signal(-pid, "SIGKILL");
    }
    this.codectxd("stop");
    remove(this.#folder);
  }

  /** Run the installed `codectxd` with this editor's home. */
  codectxd(...args: string[]): string {
    const environment = { ...process.env, CODECTX_HOME: this.home };
    return spawnSync(join(binaries, "codectxd"), args, { env: environment, encoding: "utf8", timeout: 30_000 }).stdout;
  }

  // -- what a person sees -------------------------------------------------------------------------------------------------

  get status(): Locator {
    return this.page.locator("#codectxd\\.codectxd\\.codectxd\\.status, [id='codectxd.codectxd.status']").first();
  }

  async statusText(): Promise<string> {
    return (
      (await this.page
        .locator(".statusbar-item")
        .filter({ hasText: /codectxd/ })
        .first()
        .textContent()
        .catch(() => "")) ?? ""
    );
  }

  async ready(deadlineMs = 60_000): Promise<void> {
    await until("the status says ready", async () => /codectxd: ready/.test(await this.statusText()), deadlineMs);
  }

  /** The rows of the quick pick: what each says, as a screen reader hears it. */
  async rows(): Promise<string[]> {
    const rows = this.page.locator(".quick-input-widget .quick-input-list .monaco-list-row");
    return rows.evaluateAll((all) => all.map((row) => row.getAttribute("aria-label") ?? row.textContent ?? ""));
  }

  /** Wait for a quick pick of which a row fits, and give all rows. */
  async rowsWith(wanted: RegExp, deadlineMs = 20_000): Promise<string[]> {
    return until(
      `the quick pick shows ${wanted}`,
      async () => {
        const rows = await this.rows();
        return rows.some((row) => wanted.test(row)) ? rows : null;
      },
      deadlineMs,
    ).catch(async (problem: Error) => {
      throw new Error(`${problem.message}; it shows ${JSON.stringify(await this.rows())}`);
    });
  }

  /** Wait until the first row fits: rows of what was typed before may still stand there. */
  async firstRow(wanted: RegExp, deadlineMs?: number): Promise<string> {
    const look = async () => {
      const [first] = await this.rows();
      return first !== undefined && wanted.test(first) ? first : null;
    };
    return until(`the first row is ${wanted}`, look, deadlineMs).catch(async (problem: Error) => {
      throw new Error(`${problem.message}; the rows are ${JSON.stringify(await this.rows())}`);
    });
  }

  /** The name of the file in front, and the line of the cursor. */
  async place(): Promise<string> {
    const tab = await this.page.locator(".editor-group-container.active .tab.active").first().getAttribute("data-resource-name");
    const position = await this.page.locator("[id='status.editor.selection']").textContent();
    return `${tab}:${/Ln (\d+)/.exec(position ?? "")?.[1] ?? "?"}`;
  }

  async atPlace(wanted: string): Promise<void> {
    let seen = "";
    await until(`the cursor is at ${wanted}`, async () => {
      seen = await this.place().catch((problem) => String(problem));
      return seen === wanted;
    }).catch((problem: Error) => {
      throw new Error(`${problem.message}; it is at ${seen}`);
    });
  }

  async toast(wanted: RegExp): Promise<Locator> {
    const toast = this.page.locator(".notifications-toasts .notification-toast").filter({ hasText: wanted }).first();
    await toast.waitFor({ timeout: 30_000 });
    return toast;
  }

  /** The page of the view in the side bar: a frame within a frame. */
  async view(): Promise<Frame> {
    return until("the view is there", async () => {
      for (const frame of this.page.frames()) {
        if (
          await frame
            .locator("#query")
            .count()
            .catch(() => 0)
        ) {
          return frame;
        }
      }
      return null;
    });
  }

  // -- what a person does -------------------------------------------------------------------------------------------------

  /** Run a command of the palette by its whole name. */
  async command(name: string): Promise<void> {
    await this.#ask("F1", `>${name}`, new RegExp(name.replace(/[^\w\s]/g, "\\$&")));
    await this.page.keyboard.press("Enter");
  }

  /** Press `key`, which opens a box, and have `text` in it and a row that fits; a box that something closes is opened again. */
  async #ask(key: string, text: string, wanted: RegExp): Promise<void> {
    const input = this.page.locator(".quick-input-widget .quick-input-box input");
    await until(`${key} opens a box`, async () => {
      await this.page.keyboard.press(key);
      try {
        await input.fill(text, { timeout: 2_000 });
        return await this.firstRow(wanted, 4_000);
      } catch {
        await this.page.keyboard.press("Escape");
        return false;
      }
    });
  }

  /** Open the search, empty. A document that was opened just before may take the focus once more. */
  async search(): Promise<void> {
    const box = this.page.getByPlaceholder(QUESTION);
    const focused = () =>
      box.evaluate((input) => input === document.activeElement, undefined, { timeout: 2_000 }).catch(() => false);
    await until("the search has the focus, and keeps it", async () => {
      if (!(await focused())) {
        await this.page.keyboard.press("Control+Alt+k");
      }
      await until("the box is there", focused, 3_000).catch(() => {});
      await this.page.waitForTimeout(200);
      return focused();
    });
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: 20 });
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      await this.page.keyboard.press(key);
    }
  }

  /** Open a file by its name, or by as much of its path as there is but one of. */
  async open(path: string): Promise<void> {
    const name = path.split("/").at(-1) ?? path;
    await this.#ask("Control+p", path, new RegExp(name));
    await this.page.keyboard.press("Enter");
    await this.page.locator(`.editor-group-container.active .tab.active[data-resource-name='${name}']`).waitFor();
  }

  /** Wait until the box of the search holds `text`. */
  async box(text: string): Promise<void> {
    const box = this.page.getByPlaceholder(QUESTION);
    await until(`the box holds ${text}`, async () => (await box.inputValue()) === text);
  }
}

const QUESTION = "Ask in plain words, or with";

const CHROMIUM = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What would distract somebody who only wants to search. */
const QUIET = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "extensions.ignoreRecommendations": true,
  "editor.quickSuggestions": { other: "off", comments: "off", strings: "off" },
  "editor.autoClosingBrackets": "never",
  "editor.autoIndent": "none",
  "files.autoSave": "off",
  "security.workspace.trust.untrustedFiles": "open",
  "update.mode": "none",
  "chat.commandCenter.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "git.autofetch": false,
};

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
