/** The root that is installed. */
export interface TrustedRoot {
  /** PEM */
  readonly root: string;
  /** SHA-256, `AB:CD:…` */
  readonly fingerprint: string;
  readonly commonName: string;
}

/** What became of one store of trusted roots. */
export interface TrustResult {
  /** `system store`, `Chromium`, `Firefox` */
  readonly store: string;
  readonly state: "installed" | "removed" | "unchanged" | "failed" | "to-do";
  /** File or folder. */
  readonly path?: string;
  readonly problem?: string;
  /** What a person must do instead: commands for a shell, or sentences. */
  readonly instructions?: readonly string[];
}

/** Of this root only, so that another box's stays. */
export function fileNameOf({ fingerprint }: TrustedRoot, extension: string): string {
  return `tenk-${fingerprint.replaceAll(":", "").slice(0, 12).toLowerCase()}.${extension}`;
}
