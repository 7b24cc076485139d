const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const HEX = /\b([0-9a-f]{64}|[0-9a-f]{16})\b/g;

/** A short text of the same kind for each one met, by the order in which they come. */
const counted = () => {
  const known = new Map<string, number>();
  return (found: string): number => {
    const number = known.get(found) ?? known.size + 1;
    known.set(found, number);
    return number;
  };
};

/** What differs from run to run in a live object becomes the same everywhere, so that the object can be kept as test data. */
export function normal(live: object, namespace: string): object {
  const { status, ...object } = structuredClone(live) as {
    status?: unknown;
    metadata: { managedFields?: unknown; annotations?: Record<string, string>; resourceVersion?: string };
  };
  delete object.metadata.managedFields;
  delete object.metadata.annotations?.["kubectl.kubernetes.io/last-applied-configuration"];
  if (object.metadata.annotations !== undefined && Object.keys(object.metadata.annotations).length === 0)
    delete object.metadata.annotations;
  object.metadata.resourceVersion = "1";
  const [uids, hashes] = [counted(), counted()];
  const text = JSON.stringify({ ...object, ...(status === undefined ? {} : { status }) })
    .replaceAll(namespace, "shop")
    .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, "eyJ...")
    .replaceAll(TIME, "2026-01-01T00:00:00Z")
    .replaceAll(UID, (found) => `00000000-0000-4000-8000-${String(uids(found)).padStart(12, "0")}`)
    .replaceAll(HEX, (found) => hashes(found).toString(16).padStart(found.length, "0"))
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:8443")
    .replaceAll(/localhost:\d+/g, "localhost:8443")
    .replaceAll(/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b/g, "Mon")
    .replaceAll(/\b\d+(\.\d+)? ms\b/g, "10 ms");
  return JSON.parse(text) as object;
}
