/**
 * The language client, set up for codectxd: one `codectxd --stdio` for all folders of the window.
 *
 * It says nothing to people by itself: what goes wrong is told by the context, once, with what to do.
 */

import * as vscode from "vscode";
import {
  type CancellationToken,
  type ClientCapabilities,
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  State,
  type StaticFeature,
} from "vscode-languageclient/node";

import type { Context } from "./context";
import { STATUS_CHANGED, type WorkspaceStatus } from "./protocol";
import { ServerProcess } from "./server/process";

const STOP_MS = 3_000;

export class Client {
  private readonly process: ServerProcess;
  private readonly client: QuietClient;

  /** `lost` is called when the server ends although it was not asked to. */
  constructor(
    private readonly context: Context,
    file: string,
    lost: () => void,
  ) {
    const { inProcess } = context.settings;
    const hears = (text: string) => context.log.info(text.trimEnd());
    this.process = new ServerProcess(file, inProcess ? ["--stdio", "--in-process"] : ["--stdio"], hears);
    this.client = new QuietClient("codectxd", "codectxd", () => this.process.start(firstFolder()), this.options());
    this.client.registerFeature(new WantsStatus());
    this.client.onDidChangeState(({ newState }) => newState === State.Stopped && lost());
    this.client.onNotification(STATUS_CHANGED, (status: WorkspaceStatus) => context.tell(status));
  }

  start(): Promise<void> {
    return this.client.start();
  }

  /** Shut the server down; one that does not answer is left to its pipe, which ends with this. */
  async end(): Promise<void> {
    try {
      await this.client.dispose(STOP_MS);
    } catch (problem) {
      this.context.log.warn(`The server did not shut down: ${problem}`);
    }
  }

  ask<Answer>(method: string, params: object | null, token?: CancellationToken): Promise<Answer> {
    // An argument too many, even if it is undefined, would be sent as a parameter.
    return token ? this.client.sendRequest<Answer>(method, params, token) : this.client.sendRequest<Answer>(method, params);
  }

  /** What the process wrote to its standard error at the end. */
  complaint(): Promise<string> {
    return this.process.complaint();
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      outputChannel: this.context.log,
      traceOutputChannel: this.context.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
      },
    };
  }
}

/** The client shows a notification for each failure of its own; the context says it better. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    this.outputChannel.appendLine(data === undefined ? message : `${message} ${data}`);
  }
}

/** Asks the daemon for `codectx/statusChanged`. */
class WantsStatus implements StaticFeature {
  fillClientCapabilities(capabilities: ClientCapabilities): void {
    capabilities.experimental = { ...capabilities.experimental, codectxStatus: true };
  }

  initialize(): void {}

  getState() {
    return { kind: "static" as const };
  }

  clear(): void {}
}

function firstFolder(): string | undefined {
  return vscode.workspace.workspaceFolders?.find((folder) => folder.uri.scheme === "file")?.uri.fsPath;
}
