import { FieldName, type FieldSet, fieldSet, HOP_BY_HOP } from "../../wire/http1/mod.ts";
import { union } from "./request-head.ts";

/** Never copied from an answer. The exchange writes those that delimit its content. */
export const DROPPED_FROM_RESPONSES: FieldSet = union(HOP_BY_HOP, fieldSet(FieldName.proxy));
