import { join, resolve } from "node:path";

export const FORMATS = ["json", "combined", "common"] as const;
export type AccessLogFormat = (typeof FORMATS)[number];

/** What an event loop needs. Plain data: it is cloned to threads. */
export interface AccessLogOptions {
  readonly format: AccessLogFormat;
  /** An absolute path. */
  readonly file: string;
  /** How long a line waits to be written, at most, where the disk is fast enough. */
  readonly flushMs: number;
}

export interface RotationOptions {
  /** An absolute path. */
  readonly file: string;
  /** A file that is longer is renamed. 0 = never. */
  readonly maxBytes: number;
  /** Former files that are kept. */
  readonly keep: number;
}

/** The section `accessLog`. */
export interface AccessLogConfig {
  readonly format: AccessLogFormat;
  readonly file?: string | undefined;
  readonly maxSize: number;
  readonly keep: number;
  readonly flush: number;
}

export interface AccessLogSettings {
  /** For every event loop. */
  readonly log: AccessLogOptions;
  /** For the process. */
  readonly rotation: RotationOptions;
}

const USUAL_NAME = "access.log";

/**
 * Returns what a section means; undefined where there is nowhere to write to.
 *
 * @param folder that relative paths in the configuration are relative to
 * @param dataFolder that the file is in where the section names none
 */
export function accessLogSettings(
  config: AccessLogConfig | undefined,
  folder: string,
  dataFolder: string | undefined,
): AccessLogSettings | undefined {
  if (config === undefined || (config.file === undefined && dataFolder === undefined)) return undefined;
  const { format, maxSize: maxBytes, keep, flush: flushMs } = config;
  const file = config.file === undefined ? join(dataFolder!, USUAL_NAME) : resolve(folder, config.file);
  return { log: { format, file, flushMs }, rotation: { file, maxBytes, keep } };
}
