import { nearest } from "../../base/mod.ts";
import { type OfferedService, type RefusedOffer, type Service, withoutPassword } from "../../part/mod.ts";
import { routeClashes } from "./clashes.ts";
import { serviceName } from "./fields.ts";
import { SERVICE_KEYS, SERVICE_SCHEMA, type WrittenService } from "./schema.ts";
import { servicesOf } from "./services.ts";

const MAX_SHOWN = 100;

/**
 * Returns the declared services and those of the offered ones that go with them. A declared service wins where both have a name, or a host
 * and path; of two offered ones the first does. One that is wrong is refused, the others are not.
 */
export function withOffered(
  declared: readonly Service[],
  offered: readonly OfferedService[],
  domain: string | undefined,
): { readonly services: readonly Service[]; readonly refused: readonly RefusedOffer[] } {
  const refused: RefusedOffer[] = [];
  const refuse = ({ name, container }: OfferedService, reason: string) => refused.push({ name, container, reason });
  const taken = new Map(declared.map(({ name, container }) => [name, container] as const));
  const sections = new Map<string, readonly [OfferedService, WrittenService]>();
  for (const each of offered) {
    const { name, container } = each;
    const reason = nameProblem(each, taken) ?? "";
    const parsed = SERVICE_SCHEMA.safeParse(each.section);
    if (reason !== "") refuse(each, reason);
    else if (!parsed.success) refuse(each, parsed.error.issues.map((issue) => problemOf(issue, each)).join("; "));
    else {
      taken.set(name, container);
      sections.set(name, [each, parsed.data]);
    }
  }
  for (const [name, [each, { after }]] of sections) {
    if (after === undefined || (after !== name && taken.has(after))) continue;
    refuse(each, `label ${each.prefix}after: expected the name of another service, found ${shown(after)}`);
    sections.delete(name);
  }
  const written = Object.fromEntries([...sections].map(([name, [, section]]) => [name, section]));
  const found = servicesOf(written, domain).map((service) => ({
    ...service,
    container: sections.get(service.name)![0].container,
  }));
  const clashes = new Map(routeClashes([...declared, ...found]).map((clash) => [clash.service, clash]));
  for (const { service, other, route } of clashes.values()) {
    const [each] = sections.get(service)!;
    refuse(
      each,
      `label ${each.prefix}hosts: expected a host and path of its own, ${route} is that of service ${other}`,
    );
  }
  return { services: [...declared, ...found.filter(({ name }) => !clashes.has(name))], refused };
}

function nameProblem(
  { name, prefix }: OfferedService,
  taken: ReadonlyMap<string, string | undefined>,
): string | undefined {
  const parsed = serviceName.safeParse(name);
  if (!parsed.success) return `label ${prefix}name: ${parsed.error.issues[0]!.message}, found ${shown(name)}`;
  if (!taken.has(name)) return undefined;
  const other = taken.get(name);
  return other === undefined
    ? `services.${name} of the configuration has this name, and is used instead`
    : `container ${other} has a service ${name} already`;
}

type Issue = NonNullable<ReturnType<typeof SERVICE_SCHEMA.safeParse>["error"]>["issues"][number];

function problemOf(issue: Issue, { section, prefix }: OfferedService): string {
  const label = (path: readonly PropertyKey[]) => prefix + path.filter((key) => typeof key !== "number").join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const near = issue.path.length === 0 ? nearest(key, SERVICE_KEYS) : undefined;
    const known = near === undefined ? "" : `, did you mean ${label([near])}?`;
    return `label ${label([...issue.path, key])}: unknown${known}`;
  }
  const found = issue.path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : value,
    section,
  );
  return `label ${label(issue.path)}: ${issue.message}, found ${shown(found)}`;
}

function shown(found: unknown): string {
  if (found === undefined) return "nothing";
  return withoutPassword(JSON.stringify(found)).slice(0, MAX_SHOWN);
}
