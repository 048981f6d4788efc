import type { HostFiles } from "./files.ts";
import { unescaped } from "./mounts.ts";

/** Where this process stands in a tree of cgroups that has a controller. */
export interface Place {
  readonly version: 1 | 2;
  readonly folder: string;
  /** Top of what is visible here: in a container, its own group or one above. */
  readonly mountPoint: string;
}

const MAX_DEPTH = 64;

/** The folder and those above it, up to the mount point. */
export function upwards({ folder, mountPoint }: Place): string[] {
  const folders = [folder];
  while (folders.at(-1) !== mountPoint && folders.length < MAX_DEPTH) {
    folders.push(folders.at(-1)!.slice(0, folders.at(-1)!.lastIndexOf("/")));
  }
  return folders;
}

/** Finds this process's place for a controller: in a tree of v1's own, else in v2's. Both may be mounted, each with some. */
export type FindPlace = (controller: string) => Place | undefined;

/** Looks for places anew when the process has been moved; mounts alone do not change under a process that runs. */
export function placeFinder(files: HostFiles): FindPlace {
  let foundFor: string | undefined;
  const found = new Map<string, Place | undefined>();
  return (controller) => {
    const text = files.text("/proc/self/cgroup") ?? "";
    if (text !== foundFor) found.clear();
    foundFor = text;
    if (!found.has(controller)) found.set(controller, findPlace(files, parseGroups(text), controller));
    return found.get(controller);
  };
}

function findPlace(files: HostFiles, groups: readonly Group[], controller: string): Place | undefined {
  const mounts = parseCgroupMounts(files.text("/proc/self/mountinfo") ?? "");
  const own = groups.find(({ controllers }) => controllers.includes(controller));
  const group = own ?? groups.find(({ controllers }) => controllers.length === 0);
  const version = own === undefined ? 2 : 1;
  const mount = mounts.findLast(
    (each) => each.version === version && (version === 2 || each.options.includes(controller)),
  );
  if (group === undefined || mount === undefined) return undefined;
  const { mountPoint } = mount;
  const folder = below(mount, group.path);
  const isThere = folder !== mountPoint && files.list(folder).length > 0;
  return { version, mountPoint, folder: isThere ? folder : mountPoint };
}

interface Group {
  /** None of v2. */
  readonly controllers: readonly string[];
  readonly path: string;
}

/** /proc/self/cgroup: `4:memory:/system.slice/tenk.service`, `0::/system.slice/tenk.service` of v2. */
function parseGroups(text: string): Group[] {
  return text.split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    return [{ controllers: controllers === "" ? [] : controllers.split(","), path }];
  });
}

interface CgroupMount {
  readonly version: 1 | 2;
  /** The group that is at the mount point: a container may see none above its own. */
  readonly root: string;
  readonly mountPoint: string;
  readonly options: readonly string[];
}

function parseCgroupMounts(text: string): CgroupMount[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ", 2);
    const [, , , root, mountPoint] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    if (root === undefined || mountPoint === undefined || (type !== "cgroup" && type !== "cgroup2")) return [];
    const version = type === "cgroup" ? 1 : 2;
    return [{ version, root: unescaped(root), mountPoint: unescaped(mountPoint), options: options.split(",") }];
  });
}

/** A group's folder; the mount point where the group is not below what is mounted, as in some containers. */
function below({ root, mountPoint }: CgroupMount, path: string): string {
  const inside = root === "/" ? path : path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : "";
  return inside === "/" || inside.split("/").includes("..") ? mountPoint : mountPoint + inside;
}
