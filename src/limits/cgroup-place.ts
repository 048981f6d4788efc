import { type CgroupFiles, unescaped } from "./cgroup-files.ts";

/** The group of this process in the cgroup tree of one controller. */
export interface Place {
  readonly version: 1 | 2;
  readonly folder: string;
  /** The top of the visible tree: in a container, its own group or a parent. */
  readonly mountPoint: string;
}

const MAX_DEPTH = 64;

/** Returns the folder and its parents, up to the mount point. */
export function upwards({ folder, mountPoint }: Place): string[] {
  const folders = [folder];
  while (folders.at(-1) !== mountPoint && folders.length < MAX_DEPTH) {
    folders.push(folders.at(-1)!.slice(0, folders.at(-1)!.lastIndexOf("/")));
  }
  return folders;
}

/** Finds the group of this process for a controller: in its v1 tree, else in the v2 tree. Both may be mounted at once. */
export type FindPlace = (controller: string) => Place | undefined;

/** Caches what it found until the process is moved to another group. Mounts do not change under a running process. */
export function placeFinder(files: CgroupFiles): FindPlace {
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

function findPlace(files: CgroupFiles, groups: readonly Group[], controller: string): Place | undefined {
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
  /** Empty for v2. */
  readonly controllers: readonly string[];
  readonly path: string;
}

/** Parses /proc/self/cgroup: `4:memory:/system.slice/tenk.service`; with v2 `0::/system.slice/tenk.service`. */
function parseGroups(text: string): Group[] {
  return text.split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    return [{ controllers: controllers === "" ? [] : controllers.split(","), path }];
  });
}

interface CgroupMount {
  readonly version: 1 | 2;
  /** The group at the mount point: a container may see no parent of its own. */
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

/** Returns a group's folder; the mount point where the group is outside the mounted tree, as in some containers. */
function below({ root, mountPoint }: CgroupMount, path: string): string {
  const inside = root === "/" ? path : path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : "";
  return inside === "/" || inside.split("/").includes("..") ? mountPoint : mountPoint + inside;
}
