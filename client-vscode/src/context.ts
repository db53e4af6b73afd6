/**
 * What the features share: the client and its life, settings, the log, and everything that ends with the extension.
 *
 * A feature is one file in `features/` that exports `activate(context)`. It asks the server through `request`, which waits for a
 * start that is under way, and asks again where the daemon ended under the question. Features do not know each other.
 */

import * as vscode from "vscode";
import type { CancellationToken } from "vscode-languageclient/node";

import type { Client } from "./client";
import * as protocol from "./protocol";
import { locate } from "./server/locate";
import { crashed, notRunning, type Problem } from "./server/problem";
import { type Settings, settings } from "./settings";
import type { Connection } from "./text/health";

/** There is no server to ask; the message says why. */
export class Unavailable extends Error {}

const ASK_AGAIN = 3;
const STEADY_MS = 30_000;

export class Context {
  readonly log = vscode.window.createOutputChannel("codectxd", { log: true });
  private readonly connectionChanged = new vscode.EventEmitter<Connection>();
  private readonly answered = new vscode.EventEmitter<protocol.Freshness>();
  readonly onDidChangeConnection = this.connectionChanged.event;
  /** As of what the latest answer spoke. */
  readonly onDidAnswer = this.answered.event;
  private readonly statusChanged = new vscode.EventEmitter<protocol.WorkspaceStatus>();
  /** The daemon tells of a folder's phase, progress or generation. */
  readonly onDidChangeStatus = this.statusChanged.event;

  /** What keeps the server from running, where something does. */
  problem: Problem | null = null;
  private state: Connection = { state: "off", why: "Not started yet." };
  private client: Client | null = null;
  private current: Promise<void> = Promise.resolve();
  private next: Promise<void> | null = null;
  private startedAt = 0;

  constructor(readonly extension: vscode.ExtensionContext) {
    this.subscribe(this.log, this.connectionChanged, this.answered, this.statusChanged, { dispose: () => void this.stop() });
  }

  get settings(): Settings {
    return settings();
  }

  get connection(): Connection {
    return this.state;
  }

  /** Have `disposables` end with the extension. */
  subscribe(...disposables: vscode.Disposable[]): void {
    this.extension.subscriptions.push(...disposables);
  }

  /** Register a command that ends with the extension. */
  command(name: string, run: (...args: never[]) => unknown): void {
    this.subscribe(vscode.commands.registerCommand(name, run));
  }

  /** Stop what runs and start again. Of several calls at once one is carried out and one waits. */
  restart(): Promise<void> {
    this.next ??= this.current.then(() => {
      this.next = null;
      this.current = this.startAnew().catch((problem) => this.log.error(problem));
      return this.current;
    });
    return this.next;
  }

  /** End the server; it stays ended until `restart`. */
  async stop(): Promise<void> {
    const client = this.client;
    this.client = null;
    if (client) {
      await client.end();
    }
  }

  /** Say what is being done while there is no server, as an installation does. */
  announce(connection: Connection): void {
    this.state = connection;
    this.connectionChanged.fire(connection);
  }

  /** Pass on what the daemon says of a folder. */
  tell(status: protocol.WorkspaceStatus): void {
    this.statusChanged.fire(status);
  }

  /** What the server answers. Raises Unavailable where there is none, and what it answers with where that is an error. */
  async request<Answer>(method: string, params: object | null, token?: CancellationToken): Promise<Answer> {
    for (let left = ASK_AGAIN; ; left -= 1) {
      const client = await this.running();
      try {
        const answer = await client.ask<Answer>(method, params, token);
        this.note(answer);
        return answer;
      } catch (problem) {
        const ended = (problem as { code?: number }).code === protocol.CONTENT_MODIFIED;
        if (!ended || left === 1 || token?.isCancellationRequested) {
          throw problem;
        }
      }
    }
  }

  /** The URIs of the folders that the server is asked about. */
  get roots(): string[] {
    return localFolders().map((folder) => folder.uri.toString());
  }

  private async running(): Promise<Client> {
    await (this.next ?? this.current);
    if (!this.client || this.state.state !== "running") {
      throw new Unavailable(this.problem?.message ?? ("why" in this.state ? this.state.why : "The server is not running."));
    }
    return this.client;
  }

  private note(answer: unknown): void {
    const freshness = (answer as { freshness?: protocol.Freshness } | null)?.freshness;
    if (freshness) {
      this.answered.fire(freshness);
    }
  }

  private async startAnew(): Promise<void> {
    await this.stop();
    if (localFolders().length === 0) {
      this.problem = null;
      this.announce({ state: "off", why: "No folder of this machine is open, so there is nothing to search." });
      return;
    }
    this.announce({ state: "finding" });
    const found = await locate(this);
    if ("title" in found) {
      this.fail(found);
      return;
    }
    this.announce({ state: "starting" });
    // Loaded here, since it is most of the extension's code, and activation must not wait for it.
    const { Client } = await import("./client");
    const client: Client = new Client(this, found.file, () => void this.lost(client));
    this.client = client;
    try {
      await client.start();
    } catch (problem) {
      this.client = null;
      this.fail(notRunning(found.file, (await client.complaint()) || String(problem)));
      return;
    }
    this.startedAt = Date.now();
    this.problem = null;
    this.announce({ state: "running" });
  }

  /** The server ended although nobody asked it to. One that had been steady is started again without a word. */
  private async lost(client: Client): Promise<void> {
    if (client !== this.client || this.state.state !== "running") {
      return;
    }
    this.client = null;
    const { current } = this;
    const heard = client.complaint();
    if (Date.now() - this.startedAt > STEADY_MS) {
      void this.restart();
      this.log.error(`The server ended: ${await heard}`);
      return;
    }
    const complaint = await heard;
    this.log.error(`The server ended: ${complaint}`);
    if (current === this.current && !this.next && this.state.state === "running") {
      // Else somebody had it started again, or ended it, meanwhile.
      this.fail(crashed(complaint));
    }
  }

  private fail(problem: Problem): void {
    this.problem = problem;
    this.log.error(problem.message);
    this.announce({ state: "broken", title: problem.title, message: problem.message });
  }
}

/** The workspace folders that lie on the machine where the extension runs. */
export function localFolders(): readonly vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === "file");
}
