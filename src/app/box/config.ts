import { z } from "zod";
import { duration, onOff, section } from "../../part/mod.ts";

/** A limit that `off` switches off: undefined then. */
function limit(expected: string, least: number, most: number, unit: RegExp) {
  const error = `expected ${expected}, or off`;
  return z.union([z.string(), z.number(), z.literal(false)], { error }).transform((value, context) => {
    if (value === false || value === "off") return undefined;
    const text = String(value).trim();
    const number = Number(text.replace(unit, ""));
    if (text !== "" && number >= least && number <= most) return number;
    context.addIssue({ code: "custom", message: error });
    return z.NEVER;
  });
}

const percent = limit("a share such as 90%", 1, 100, /\s*%$/).meta({ unit: "percent" });
const celsius = limit("a temperature such as 80°C", 20, 150, /\s*°?\s*C$/i).meta({ unit: "celsius" });

const EXPECTED_ROOT = "expected a folder's path, such as /host";

/** `box:`, what is wrong with the machine itself. */
export const BOX_SCHEMA = section(
  {
    /** Of each file system's space, and of its file nodes. */
    disk: percent.prefault("90%"),
    memory: percent.prefault("95%"),
    /** Of a time in which every program waited for memory. */
    memoryStall: percent.prefault("20%"),
    temperature: celsius.prefault("80"),
    /** How long a value must be past its limit. */
    hold: duration.prefault("1m"),
    underVoltage: onOff.default(true),
    outOfMemory: onOff.default(true),
    certificates: onOff.default(true),
    root: z
      .string({ error: EXPECTED_ROOT })
      .regex(/^\/.*[^/]$/, EXPECTED_ROOT)
      .optional(),
  },
  {
    root: [
      "none",
      "In a container: where the machine's own root is mounted, so that its file systems are told, not the container's; taken from the next start on",
    ],
    disk: "A file system with less room, or fewer file nodes, left than this is a problem; off for none: at 90% there is time to act",
    memory: "Memory in use, of the machine or what the container may use",
    memoryStall: "Time in which all programs waited for memory",
    temperature: "Heat; a Raspberry Pi slows down at 80 °C",
    hold: "How long a value must be past its limit: a minute's peak is no problem",
    underVoltage: "A weak power supply is a problem: it breaks SD cards",
    outOfMemory: "So is a program that the kernel ended for want of memory",
    certificates: "So is a certificate that is over or cannot be renewed",
  },
).prefault({});

export type BoxConfig = z.output<typeof BOX_SCHEMA>;
