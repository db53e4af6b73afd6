/** The process of the server as the language client runs it, and the end of what it said on its standard error. */

import { type ChildProcess, spawn } from "node:child_process";

const MOST_KEPT = 8_000;
const LAST_WORDS_MS = 2_000;

export class ServerProcess {
  private said = "";
  private closed: Promise<void> = Promise.resolve();

  constructor(
    private readonly file: string,
    private readonly args: readonly string[],
    private readonly hears: (text: string) => void,
  ) {}

  /** Start it. Rejects where it cannot be started. */
  start(cwd: string | undefined): Promise<ChildProcess> {
    this.said = "";
    const child = spawn(this.file, this.args, { cwd, stdio: "pipe", windowsHide: true });
    child.stderr.on("data", (data: Buffer) => {
      this.said = (this.said + data).slice(-MOST_KEPT);
      this.hears(data.toString());
    });
    this.closed = new Promise((resolve) => child.once("close", () => resolve()));
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("spawn", () => resolve(child));
    });
  }

  /**
   * The end of what it wrote to its standard error. Of one that is ending all of it: its output may well be seen to close before
   * its last words come.
   */
  async complaint(): Promise<string> {
    let alarm: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      alarm = setTimeout(resolve, LAST_WORDS_MS);
    });
    await Promise.race([this.closed, late]);
    clearTimeout(alarm);
    return this.said;
  }
}
