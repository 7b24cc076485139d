import { z } from "zod";

/** Field types every kind uses. Everything is bounded: CEL cost and etcd size depend on it. */
export const text = (max: number, description: string) => z.string().max(max).describe(description);

export const label = (description: string) =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .describe(description);

export const objectName = (description: string) =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/)
    .describe(description);

export const hex64 = (description: string) =>
  z
    .string()
    .length(64)
    .regex(/^[0-9a-f]{64}$/)
    .describe(description);

export const httpsUrl = (description: string) =>
  z
    .string()
    .max(2048)
    .regex(/^https:\/\/[^\s/@]+(\/[^\s]*)?$/)
    .describe(description);

export const count = (max: number, description: string) => z.int32().min(0).max(max).describe(description);

/** Date and time as Kubernetes writes it: RFC 3339 in UTC. */
export const time = (description: string) =>
  z
    .string()
    .max(40)
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/)
    .describe(description);

export const uid = (description: string) => z.string().min(1).max(64).describe(description);

/** A list the API server merges by key instead of by position. */
export const listMap = <T extends z.ZodType>(item: T, key: string, max: number, description: string) =>
  z
    .array(item)
    .max(max)
    .describe(description)
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key] });

/** Accepted and not looked at: whatever a tool injects there is kept by the API server. */
export const ignored = (description: string) =>
  z.record(z.string(), z.unknown()).describe(description).meta({ "x-kubernetes-preserve-unknown-fields": true });
