/**
 * A stand-in for `@types/node`: the names of Node's and the runtime's modules and globals, without their types. It has a kilobyte
 * instead of two megabytes and needs no network. npm replaces it when the real package is installed.
 */
export const NODE_TYPES = `// Names alone: npm install --save-dev @types/node (or @types/bun) puts the types of Node in this place.
declare module "node:*";
declare module "bun";
declare module "bun:*";
declare var process: any;
declare var Buffer: any;
type Buffer = any;
declare var Bun: any;
declare var global: typeof globalThis;
declare var require: any;
declare var __dirname: string;
declare var __filename: string;
declare function setImmediate(call: (...given: any[]) => void, ...given: any[]): any;
declare function clearImmediate(immediate: any): void;
declare namespace NodeJS {
  type ErrnoException = Error & { code?: string; errno?: number; path?: string; syscall?: string };
  type Signals = string;
  type Timeout = any;
}
interface ImportMeta {
  readonly dir: string;
  readonly dirname: string;
  readonly file: string;
  readonly filename: string;
  readonly path: string;
  readonly main: boolean;
  readonly url: string;
  resolve(specifier: string): string;
}
`;
