/**
 * Every failure this project raises, registered once. A message names bucket, key, row group and row where it
 * knows them, says why, and what the user can do. The family decides what a workflow does with it:
 * `input` fails its source alone, `environment` is retried for as long as it takes, `configuration` and `usage`
 * stop before any work, `internal` is a bug of ours.
 */
export type ErrorFamily = 'input' | 'environment' | 'configuration' | 'usage' | 'internal';

export interface ErrorContext {
  bucket?: string;
  key?: string;
  rowGroup?: number;
  row?: number;
  column?: string;
  endpoint?: string;
  requestId?: string;
  /** Host and port of the endpoint's server. */
  replica?: string;
  /** What a request has cost that was given up: how often it went out, and about how many tokens for nothing. */
  tries?: number;
  wastedTokens?: number;
  /** Milliseconds a server asked us to wait (Retry-After). */
  retryAfter?: number;
}

/** The base of all of them: a sentence on what failed and why, where it was, and (optionally) a sentence on how to mend it. */
export abstract class LakeError extends Error {
  abstract readonly family: ErrorFamily;
  readonly context: ErrorContext;
  /** What failed and why, without where. */
  readonly reason: string;
  constructor(message: string, context: ErrorContext = {}, options?: ErrorOptions) {
    super(describe(message, context), options);
    this.name = new.target.name;
    this.context = context;
    this.reason = message;
  }
}

function describe(message: string, c: ErrorContext): string {
  const where = [
    c.key === undefined ? undefined : c.bucket === undefined ? c.key : `s3://${c.bucket}/${c.key}`,
    c.rowGroup === undefined ? undefined : `row group ${c.rowGroup}`,
    c.row === undefined ? undefined : `row ${c.row}`,
    c.column === undefined ? undefined : `column ${JSON.stringify(c.column)}`,
    c.endpoint === undefined ? undefined : `endpoint ${c.endpoint}`,
    c.requestId === undefined ? undefined : `request ${c.requestId}`,
    c.replica === undefined ? undefined : `replica ${c.replica}`,
  ].filter((part) => part !== undefined);
  return where.length === 0 ? message : `${message} (${where.join(', ')})`;
}

abstract class InputError extends LakeError {
  readonly family = 'input' as const;
}
abstract class EnvironmentError extends LakeError {
  readonly family = 'environment' as const;
}
abstract class ConfigurationError extends LakeError {
  readonly family = 'configuration' as const;
}
abstract class UsageError extends LakeError {
  readonly family = 'usage' as const;
}
abstract class InternalError extends LakeError {
  readonly family = 'internal' as const;
}

/** Thrown when the bytes of a raw object are not a Parquet file that can be read: no magic, a bad footer, a page that does not decode. */
export class CorruptParquet extends InputError {}
/** Thrown when a raw Parquet file lacks a column that the spec names, or holds it in a type that cannot be text. */
export class SchemaMismatch extends InputError {}
/** Thrown when a raw object is no longer the one that was planned (another ETag, or gone). */
export class InputChanged extends InputError {}
/** Thrown when a raw object has no ETag, so that its versions cannot be told apart. */
export class SourceUnversioned extends InputError {}
/** Thrown when the endpoint refuses one request for what is in it (400, 413, 422). */
export class BadRequest extends InputError {}
/** Thrown when the endpoint fails at one request every time (no answer in time, 5xx, a broken connection) while it answers others. */
export class Unanswerable extends InputError {}

/** Thrown when the inference endpoint cannot be reached, answers 429 or 5xx, or breaks off. */
export class EndpointUnavailable extends EnvironmentError {}
/** Thrown when the object store cannot be reached or answers 5xx or SlowDown. */
export class StoreUnavailable extends EnvironmentError {}
/** Thrown when Temporal cannot be reached by a command. */
export class TemporalUnavailable extends EnvironmentError {}
/** Thrown when a server of the local stack ends by itself or does not come up; the message carries its last lines. */
export class ServerFailed extends EnvironmentError {}
/** Thrown when a training launcher cannot start a job, or cannot end one. */
export class LauncherUnavailable extends EnvironmentError {}
/** Thrown when an activity has shown no progress for minutes (a call that does not return, an endless loop); another attempt takes over. */
export class ActivityStalled extends EnvironmentError {}

/** Thrown when the store refuses our credentials or lacks the permission. */
export class AccessDenied extends ConfigurationError {}
/** Thrown when the bucket of the configuration does not exist. */
export class BucketNotFound extends ConfigurationError {}
/** Thrown when a store does not have conditional writes, or does not honour them: every commit rests on them. */
export class StoreUnfit extends ConfigurationError {}
/** Thrown when the endpoint does not serve the model that the worker's configuration names. */
export class ModelNotFound extends ConfigurationError {}
/** Thrown when the endpoint refuses the form in which a chat model's answers are asked for (structured output). */
export class ResponseFormatRefused extends ConfigurationError {}
/** Thrown when the endpoint refuses the worker's key (401, 403). */
export class EndpointUnauthorized extends ConfigurationError {}
/** Thrown when an endpoint's certificate does not verify, or it redirects to another address. */
export class EndpointUntrusted extends ConfigurationError {}
/** Thrown when a spec names an endpoint, tokenizer or launcher that the worker's configuration does not define. */
export class UnknownName extends ConfigurationError {}
/** Thrown when a tokenizer file cannot be loaded, or its beginning and end tokens are not in it. */
export class BadTokenizer extends ConfigurationError {}
/** Thrown when a worker cannot honour what a run pinned at its start (tokenizer, model, stage version). */
export class PinMismatch extends ConfigurationError {}
/** Thrown when a worker's configuration file cannot be read, has unknown or missing keys, or values that do not go together. */
export class InvalidConfig extends ConfigurationError {}
/** Thrown when an evaluation set that a spec names has no objects, no item that can be read, or nothing that could be found in a text: it is never left out in silence. */
export class BadBenchmark extends ConfigurationError {}
/** Thrown when no way to obtain a server of the local stack worked; it names all that were tried. */
export class ServerUnobtainable extends ConfigurationError {}

/** Thrown when a spec is not valid; it lists every problem at once. */
export class InvalidSpec extends UsageError {}
/** Thrown when template pools have an unknown, unused or lost placeholder, two entries alike, or a form that cannot be used; it lists every problem at once. */
export class BadPools extends UsageError {}
/** Thrown when the prompt library lacks a file, or one of them a header or a placeholder; it lists every problem at once. */
export class BadPrompts extends UsageError {}
/** Thrown when a run exists already with another spec. */
export class SpecConflict extends UsageError {}
/** Thrown when a run that is published would publish other content, because its raw objects have changed since. */
export class RunPublished extends UsageError {}
/** Thrown when something needs a domain for itself (an incremental run, `retract`) while an incremental run holds it. */
export class DomainTaken extends UsageError {}
/** Thrown when an incremental run would publish, but its domain was closed under it, or holds other documents than those it has deduplicated against. */
export class DomainLost extends UsageError {}
/** Thrown when a command is called in a way that cannot mean anything. */
export class BadUsage extends UsageError {}
/** Thrown when a run is named that neither Temporal nor the lake knows. */
export class RunNotFound extends UsageError {}
/** Thrown when a replay has nothing to do: no source of the run has failed, or what is named is none of its sources, is as it was, or has moved on. */
export class NothingToReplay extends UsageError {}
/** Thrown when files given to `import` cannot be read as Parquet or JSONL. */
export class BadImport extends UsageError {}

/** Thrown when more sources failed than the spec's `maxFailedFraction` allows. */
export class TooManyFailedSources extends InputError {}
/** Thrown when a run has nothing to do: no objects under the prefix, or no row that is valid. */
export class NothingToDo extends InputError {}
/** Thrown when a mix source has fewer tokens than `strict` allows, or none at all. */
export class MixShortfall extends InputError {}
/** Thrown when a training job ends without success; the message carries its last lines. */
export class TrainingFailed extends InputError {}

/** Thrown when an object that a commit names is missing or has another size or hash. */
export class CorruptLake extends InternalError {}
/** Thrown when the counts of a run do not balance, or a published object does not verify. */
export class VerifyFailed extends InternalError {}
/** Thrown when code meets a state that it rules out. */
export class Unreachable extends InternalError {}

/** The registry: name → class. Workflows and commands look families up here. */
export const ERRORS = {
  CorruptParquet,
  SchemaMismatch,
  InputChanged,
  SourceUnversioned,
  BadRequest,
  Unanswerable,
  EndpointUnavailable,
  StoreUnavailable,
  TemporalUnavailable,
  ServerFailed,
  LauncherUnavailable,
  ActivityStalled,
  AccessDenied,
  BucketNotFound,
  StoreUnfit,
  ModelNotFound,
  ResponseFormatRefused,
  EndpointUnauthorized,
  EndpointUntrusted,
  UnknownName,
  BadTokenizer,
  PinMismatch,
  InvalidConfig,
  BadBenchmark,
  ServerUnobtainable,
  InvalidSpec,
  BadPools,
  BadPrompts,
  SpecConflict,
  RunPublished,
  DomainTaken,
  DomainLost,
  BadUsage,
  RunNotFound,
  NothingToReplay,
  BadImport,
  TooManyFailedSources,
  NothingToDo,
  MixShortfall,
  TrainingFailed,
  CorruptLake,
  VerifyFailed,
  Unreachable,
} as const;
