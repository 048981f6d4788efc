/** Strict JSON Schemas of Kubernetes' objects, made from its OpenAPI definitions: a key that they do not name is an error. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** The part of OpenAPI that definitions of Kubernetes consist of. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly "x-kubernetes-group-version-kind"?: readonly GroupVersionKind[];
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

type Definitions = Readonly<Record<string, Schema>>;

const INT_OR_STRING: Schema = { oneOf: [{ type: "string" }, { type: "integer" }] };
const QUANTITY: Schema = { oneOf: [{ type: "string" }, { type: "number" }] };

/** Writes a file for each kind, under the name by which kubeconform asks for it. */
export function writeSchemas(swaggerFile: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const { definitions } = JSON.parse(readFileSync(swaggerFile, "utf8")) as { definitions: Definitions };
  for (const [name, definition] of Object.entries(definitions)) {
    for (const kind of definition["x-kubernetes-group-version-kind"] ?? []) {
      if (kind.kind.endsWith("List")) continue;
      const schema = strict({ $ref: `#/definitions/${name}` }, definitions);
      writeFileSync(join(folder, fileOf(kind)), JSON.stringify({ ...withKind(schema, kind), type: "object" }));
    }
  }
}

/** Writes the same of a CustomResourceDefinition. */
export function writeCustomSchema(crdFile: string, folder: string): void {
  const { spec } = parse(readFileSync(crdFile, "utf8"));
  for (const { name, schema } of spec.versions) {
    const kind = { group: spec.group, version: name, kind: spec.names.kind };
    const own = strict(schema.openAPIV3Schema, {});
    const metadata: Schema = { type: "object" };
    const whole = { ...own, properties: { ...own.properties, metadata } };
    writeFileSync(join(folder, fileOf(kind)), JSON.stringify({ ...withKind(whole, kind), type: "object" }));
  }
}

/** kubeconform's `{{.ResourceKind}}{{.KindSuffix}}.json`: the suffix has the first word of the group. */
export function fileOf({ group, version, kind }: GroupVersionKind): string {
  return `${[kind.toLowerCase(), group.split(".")[0], version].filter((word) => word !== "").join("-")}.json`;
}

/** Replaces references by what they refer to, and forbids what is not named. Definitions that contain themselves end open. */
export function strict(schema: Schema, definitions: Definitions, within: readonly string[] = []): Schema {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1)!;
    if (name.endsWith(".IntOrString")) return INT_OR_STRING;
    if (name.endsWith(".Quantity")) return QUANTITY;
    if (within.includes(name)) return {};
    return strict(definitions[name] ?? {}, definitions, [...within, name]);
  }
  if (schema["x-kubernetes-int-or-string"] === true) return INT_OR_STRING;
  const inner = (value: Schema) => strict(value, definitions, within);
  const { type, properties, additionalProperties, items } = schema;
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"] === true;
  return {
    // A key without a value is as if it were not there.
    ...(typeof type === "string" ? { type: [type, "null"] } : {}),
    ...(schema.required === undefined ? {} : { required: schema.required }),
    ...(schema.enum === undefined ? {} : { enum: [...schema.enum, null] }),
    ...(items === undefined ? {} : { items: inner(items) }),
    ...(typeof additionalProperties === "object" ? { additionalProperties: inner(additionalProperties) } : {}),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, inner(value)])),
          ...(isOpen ? {} : { additionalProperties: false }),
        }),
  };
}

/** An object must say what it is. */
function withKind(schema: Schema, { group, version, kind }: GroupVersionKind): Schema {
  const apiVersion: Schema = { enum: [group === "" ? version : `${group}/${version}`] };
  return {
    ...schema,
    properties: { ...schema.properties, apiVersion, kind: { enum: [kind] } },
    required: [...new Set(["apiVersion", "kind", ...(schema.required ?? [])])],
  };
}
