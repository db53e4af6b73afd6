/**
 * The wire types of codectxd, mirrored from `server/codectxd/wire/messages.py`: methods, parameters and answers.
 *
 * `tests/tidy/test_typescript_mirror.py` compares each field with `server/docs/protocol.schema.json`; what may be left out there
 * is optional here. Knows nothing of the editor.
 */

export const SEARCH = "codectx/search";
export const SIMILAR = "codectx/similar";
export const LIST_PATHS = "codectx/listPaths";
export const STATUS = "codectx/status";
export const REINDEX = "codectx/reindex";
export const WAIT_FRESH = "codectx/waitFresh";
export const STOP = "codectx/stop";
export const STATUS_CHANGED = "codectx/statusChanged";

/** Errors of which the extension makes a difference. */
export const INVALID_PARAMS = -32602;
export const CONTENT_MODIFIED = -32801;
export const REQUEST_CANCELLED = -32800;

export type Mode = "hybrid" | "lexical" | "semantic";
export type Content = "all" | "code" | "config" | "docs";
export type BuildMode = "auto" | "parallel" | "pipeline" | "sequential";

export interface Position {
  line: number;
  character: number;
}

export interface Range {
  start: Position;
  end: Position;
}

export interface SearchParams {
  query: string;
  limit?: number;
  mode?: Mode;
  languages?: string[] | null;
  globs?: string[] | null;
  content?: Content | null;
  roots?: string[] | null;
  files?: string[] | null;
  explain?: boolean;
  includeUnsaved?: boolean;
  workDoneToken?: string | number | null;
  partialResultToken?: string | number | null;
}

export interface SimilarParams {
  uri?: string | null;
  range?: Range | null;
  text?: string | null;
  limit?: number;
  mode?: Mode;
  languages?: string[] | null;
  globs?: string[] | null;
  content?: Content;
  roots?: string[] | null;
  files?: string[] | null;
  explain?: boolean;
  includeUnsaved?: boolean;
  workDoneToken?: string | number | null;
  partialResultToken?: string | number | null;
}

export interface Boost {
  name: string;
  value: number;
}

export interface Why {
  lexicalRank: number | null;
  semanticRank: number | null;
  terms: string[];
  boosts: Boost[];
}

export interface Hit {
  uri: string;
  path: string;
  range: Range;
  snippet: string;
  symbol: string | null;
  kind: string | null;
  language: string;
  score: number;
  matched: string[];
  unsaved: boolean;
  why?: Why | null;
  likeness?: "duplicate" | "near";
}

export interface Freshness {
  generation: number;
  head: string | null;
  words: number;
  vectors: number;
  degraded: string[];
  stale: string[];
  pending: number;
}

export interface Explained {
  terms: string[];
  names: string[];
  filters: string[];
}

export interface SearchAnswer {
  hits: Hit[];
  freshness: Freshness;
  tookMs: number;
  explained?: Explained;
  widened?: true;
}

export interface ListPathsParams {
  query?: string;
  limit?: number;
  roots?: string[] | null;
  skipped?: boolean;
  includeUnsaved?: boolean;
}

export interface ListedPath {
  uri: string;
  path: string;
  language: string | null;
  role: string | null;
  unsaved: boolean;
  reason: string | null;
}

export interface ListPathsAnswer {
  paths: ListedPath[];
  total: number;
  freshness: Freshness;
  tookMs: number;
}

export interface StatusParams {
  roots?: string[] | null;
}

export interface SkippedFiles {
  reason: string;
  count: number;
  meaning: string;
  examples: string[];
}

export interface StageSeconds {
  hash?: number;
  read?: number;
  parse?: number;
  chunk?: number;
  embed?: number;
  lexical?: number;
  vectors?: number;
  commit?: number;
}

export interface BuildStatus {
  mode: string;
  why: string;
  workers: number;
  files: number;
  parsed: number;
  embedded: number;
  elapsedS: number;
  cpuS: number;
  peakBytes: number;
  filesPerS: number;
  overlap: number;
  stageSeconds: StageSeconds;
  queues: Record<string, number>;
  estimate?: string | null;
}

export interface FillStatus {
  model: string;
  done: number;
  total: number;
  perS: number;
  leftS: number | null;
  problem: string | null;
}

export interface WorkspaceStatus {
  root: string;
  phase: string;
  files: number;
  chunks: number;
  vectors: number;
  pending: number;
  skipped: number;
  model: string;
  branch: string | null;
  generation: number;
  watcher: string;
  stageSeconds: StageSeconds;
  skippedFiles: SkippedFiles[];
  done?: number;
  total?: number;
  parsed?: number;
  embedded?: number;
  message?: string | null;
  role?: string | null;
  writer?: number | null;
  build?: BuildStatus | null;
  digest?: string | null;
  filling?: FillStatus | null;
}

export interface RerankerStatus {
  model: string;
  ready: boolean;
  problem: string | null;
}

export interface Status {
  version: string;
  pid: number;
  uptimeS: number;
  rssBytes: number;
  sessions: number;
  workspaces: WorkspaceStatus[];
  reranker?: RerankerStatus | null;
}

export interface ReindexParams {
  roots?: string[] | null;
  force?: boolean;
  merge?: boolean;
  mode?: BuildMode | null;
  workDoneToken?: string | number | null;
}

export interface ReindexAnswer {
  workspaces: WorkspaceStatus[];
  tookMs: number;
}

export interface WaitFreshParams {
  roots?: string[] | null;
  timeoutMs?: number;
  durable?: boolean;
}

export interface WaitFreshAnswer {
  fresh: boolean;
  freshness: Freshness;
}

export interface StopAnswer {
  pid: number;
}
