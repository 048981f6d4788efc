/** Rules for package.json and package-lock.json, as functions that return complaints. */

type Versions = Readonly<Record<string, string>>;
interface Manifest {
  dependencies?: Versions;
  devDependencies?: Versions;
  optionalDependencies?: Versions;
}
interface Lock {
  packages: Readonly<Record<string, Manifest & { version?: string; integrity?: string; resolved?: string }>>;
}

/** Checks that every dependency has one exact version, and a reason in the architecture page. */
export function dependencyComplaints(manifest: Manifest, withReason: readonly string[]): string[] {
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  return [
    ...Object.entries(all)
      .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${name}: "${version}" is not one exact version`),
    ...Object.keys(all)
      .filter((name) => !withReason.includes(name))
      .map((name) => `${name}: docs/architecture.md gives no reason for it`),
    ...withReason
      .filter((name) => !(name in all))
      .map((name) => `${name}: docs/architecture.md names it, package.json does not`),
  ];
}

/**
 * Checks that `npm ci` accepts the lock file on any machine: it requests the same as package.json, contains every package that a
 * package in it depends on, including those for other platforms, each with its checksum, and names no host.
 */
export function lockComplaints(manifest: Manifest, lock: Lock): string[] {
  const complaints = [];
  const root = lock.packages[""] ?? {};
  for (const kind of ["dependencies", "devDependencies"] as const) {
    if (JSON.stringify(sorted(manifest[kind])) !== JSON.stringify(sorted(root[kind]))) {
      complaints.push(`package-lock.json: its ${kind} are not those of package.json`);
    }
  }
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
      if (!isFound(lock, path, name))
        complaints.push(`package-lock.json: ${path || "the root"} wants ${name}: not in it`);
    }
    if (path !== "" && entry.integrity === undefined) complaints.push(`package-lock.json: ${path} has no checksum`);
    if (entry.resolved !== undefined) complaints.push(`package-lock.json: ${path} names a host`);
  }
  return complaints;
}

/** Searches as Node does: beside the dependent package, then further up. */
function isFound(lock: Lock, path: string, name: string): boolean {
  const outer = path.lastIndexOf("/node_modules/");
  if (lock.packages[`${path === "" ? "" : `${path}/`}node_modules/${name}`] !== undefined) return true;
  return path !== "" && isFound(lock, outer < 0 ? "" : path.slice(0, outer), name);
}

function sorted(versions: Versions = {}): [string, string][] {
  return Object.entries(versions).sort(([a], [b]) => (a < b ? -1 : 1));
}
