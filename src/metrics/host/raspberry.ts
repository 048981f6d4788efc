import type { FamilyBuilder } from "../family-builder.ts";
import { type HostFiles, numberOf, slowText } from "./files.ts";

/** Why a Raspberry Pi slows down, with the bit that means "now". The bit 16 places higher means "since the boot". */
const CAUSES = [
  ["under-voltage", 0],
  ["frequency-capped", 1],
  ["throttled", 2],
  ["soft-temperature-limit", 3],
] as const;

/** The firmware's report on one cause. */
export interface Throttling {
  readonly cause: (typeof CAUSES)[number][0];
  readonly isNow: boolean;
  /** At any time since the boot; undefined where the kernel reports only the present. */
  readonly hasBeen: boolean | undefined;
}

/**
 * Parses the firmware's hexadecimal flags: `50005` means under-voltage and throttled, now and before.
 *
 * @example
 * parseThrottled("50005")?.filter(({ isNow }) => isNow).length; // 2
 */
export function parseThrottled(text: string): readonly Throttling[] | undefined {
  if (!/^\s*(0x)?[0-9a-f]{1,8}\s*$/i.test(text)) return undefined;
  const word = Number.parseInt(text, 16);
  return CAUSES.map(([cause, bit]) => ({
    cause,
    isNow: (word & (1 << bit)) !== 0,
    hasBeen: (word & (1 << (bit + 16))) !== 0,
  }));
}

const NOW = "Whether the board's firmware slows the processor down, or has reason to, at this moment (1) or not (0).";
const BEFORE = "The same at any time since the start.";

/**
 * Reads under-voltage and throttling from the firmware's own file (Raspberry Pi kernels), else from the alarm of the driver
 * `rpi_volt`, which every kernel has and which reports only under-voltage. Undefined on other boards.
 */
export async function readThrottling(files: HostFiles): Promise<readonly Throttling[] | undefined> {
  for (const path of firmwareFolders(files)) {
    const states = parseThrottled((await slowText(files, `${path}/get_throttled`)) ?? "");
    if (states !== undefined) return states;
  }
  for (const name of files.list("/sys/class/hwmon")) {
    const folder = `/sys/class/hwmon/${name}`;
    if (files.text(`${folder}/name`)?.trim() !== "rpi_volt") continue;
    const alarm = numberOf(await slowText(files, `${folder}/in0_lcrit_alarm`));
    if (alarm !== undefined) return [{ cause: "under-voltage", isNow: alarm !== 0, hasBeen: undefined }];
  }
  return undefined;
}

/** Returns false on boards that do not report it. */
export async function addThrottling(builder: FamilyBuilder, files: HostFiles): Promise<boolean> {
  const states = await readThrottling(files);
  for (const { cause, isNow, hasBeen } of states ?? []) {
    builder.add("gauge", "tenk_host_throttled", NOW, Number(isNow), { cause });
    const before = hasBeen === undefined ? undefined : Number(hasBeen);
    builder.add("gauge", "tenk_host_throttled_since_start", BEFORE, before, { cause });
  }
  return states !== undefined;
}

/** `soc/soc:firmware` up to the Raspberry Pi 4, `soc@107c000000/soc@107c000000:firmware` on the 5. */
function firmwareFolders(files: HostFiles): string[] {
  const platform = "/sys/devices/platform";
  return files
    .list(platform)
    .filter((name) => /^soc(@[0-9a-f]+)?$/.test(name))
    .flatMap((soc) => [`${platform}/${soc}/${soc}:firmware`]);
}

/** Wear of a flash memory. */
export interface Wear {
  /** For each type of cells, the used part of its life in steps of a tenth, rounded up; 1.1 past its end. */
  readonly ratios: readonly (number | undefined)[];
}

/** Parses eMMC's `life_time` of its two types of cells: `0x01 0x02`. 0 is undefined, 0x0b past the end (JESD84-B51, 7.4.43). */
export function parseLifeTime(text: string): Wear {
  const ratios = text
    .trim()
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => {
      const step = /^0x[0-9a-f]{1,2}$/i.test(word) ? Number(word) : 0;
      return step >= 1 && step <= 11 ? step / 10 : undefined;
    });
  return { ratios };
}

/** Adds the wear of eMMC memories. SD cards do not report theirs, and have no such file. */
export async function addWear(builder: FamilyBuilder, files: HostFiles): Promise<boolean> {
  let found = false;
  for (const device of files.list("/sys/block").filter((name) => /^mmcblk\d+$/.test(name))) {
    const folder = `/sys/block/${device}/device`;
    const { ratios } = parseLifeTime((await slowText(files, `${folder}/life_time`)) ?? "");
    const help = "Used part of the life of the flash memory's cells, in steps of a tenth; more than 1 is past the end.";
    for (const [index, area] of ["a", "b"].entries()) {
      builder.add("gauge", "tenk_host_flash_wear_ratio", help, ratios[index], { device, area });
      found ||= ratios[index] !== undefined;
    }
    const state = /^\s*0x0*([1-3])\s*$/.exec((await slowText(files, `${folder}/pre_eol_info`)) ?? "")?.[1];
    const spare = "Spare blocks of the flash memory: 1 is plenty, 2 means 80 % used, 3 means 90 % used.";
    builder.add("gauge", "tenk_host_flash_spare_state", spare, numberOf(state), { device });
    found ||= state !== undefined;
  }
  return found;
}
