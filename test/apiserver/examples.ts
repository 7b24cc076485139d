import { seal } from "../../src/api/record.ts";

/** The same examples for the schema in this process and for the API server, by kind. */
export interface Example {
  readonly about: string;
  readonly spec: object;
  /** Absent for what both accept; else a part of what both say. "" where each says it in its own words. */
  readonly refusal?: string;
}

const archive = { url: "https://alpha.example/ra-9.4.2.tgz", sha256: "ab".repeat(32) };
const deployment = (change: object): object => ({
  description: "Critical security fixes",
  version: "9.4.2",
  artifact: { archive },
  ...change,
});
const versions = (accepted: boolean, ...list: readonly string[]): readonly Example[] =>
  list.map((version) => ({
    about: `version ${version}`,
    spec: deployment({ version }),
    ...(accepted ? {} : { refusal: "version must be SemVer" }),
  }));
const artifact = "an artifact is exactly one of archive, git, image";
const oneOf = "exactly one of artifact, layers";
const others = "dependsOn names other layers";
const layer = (name: string, dependsOn?: readonly string[]): object => ({
  name,
  artifact: { archive },
  ...(dependsOn && { dependsOn }),
});
const layered = (...layers: readonly object[]): object => ({ description: "all of it", version: "9.4.2", layers });

const deployments: readonly Example[] = [
  { about: "the usual", spec: deployment({}) },
  ...versions(true, "v9.4.2", "0.0.0", "9.4.2-rc.1", "9.4.2-0a.x-y", "9.4.2+build.007", "999999999999999.0.0"),
  ...versions(
    false,
    "latest",
    "9.4",
    "9.4.2.1",
    "09.4.2",
    "9.4.2-01",
    "9.4.2-",
    "V9.4.2",
    "9.4.2\n",
    " 9.4.2",
    "9999999999999999999.0.0",
  ),
  { about: "an empty version", spec: deployment({ version: "" }), refusal: "" },
  {
    about: "two artifacts",
    spec: deployment({
      artifact: { archive, image: { ref: "registry.example/ra", digest: `sha256:${"ab".repeat(32)}` } },
    }),
    refusal: artifact,
  },
  { about: "an empty artifact", spec: deployment({ artifact: {} }), refusal: artifact },
  { about: "no artifact", spec: { description: "none", version: "1.0.0" }, refusal: oneOf },
  { about: "several layers", spec: layered(layer("database"), layer("web", ["database"])) },
  {
    about: "a layer with a version of its own",
    spec: layered({ ...layer("database"), version: "9.3.0" }, layer("web", ["database"])),
  },
  {
    about: "sixteen layers, each on all before it",
    spec: layered(
      ...Array.from({ length: 16 }, (_, index) =>
        layer(
          `l${index}`,
          Array.from({ length: index }, (_none, above) => `l${above}`),
        ),
      ),
    ),
  },
  { about: "an artifact and layers", spec: { ...layered(layer("web")), artifact: { archive } }, refusal: oneOf },
  { about: "no layer at all", spec: layered(), refusal: "" },
  { about: "two layers of one name", spec: layered(layer("web"), layer("web")), refusal: "" },
  { about: "a layer on one below it", spec: layered(layer("web", ["database"]), layer("database")) },
  { about: "a layer on itself", spec: layered(layer("web", ["web"])), refusal: others },
  { about: "a layer on one that is not there", spec: layered(layer("web", ["databse"])), refusal: others },
  { about: "a layer in capitals", spec: layered(layer("Web")), refusal: "" },
  {
    about: "a layer whose version is a word",
    spec: layered({ ...layer("web"), version: "latest" }),
    refusal: "SemVer",
  },
  {
    about: "seventeen layers",
    spec: layered(...Array.from({ length: 17 }, (_, index) => layer(`l${index}`))),
    refusal: "",
  },
  { about: "no description", spec: { version: "1.0.0", artifact: { archive } }, refusal: "" },
  {
    about: "an image by digest",
    spec: deployment({ artifact: { image: { ref: "registry.example/ra", digest: `sha256:${"ab".repeat(32)}` } } }),
  },
  {
    about: "an image by tag",
    spec: deployment({ artifact: { image: { ref: "registry.example/ra:9.4.2" } } }),
    refusal: "",
  },
  {
    about: "a commit",
    spec: deployment({ artifact: { git: { url: "https://git.example/ra.git", commit: "4f".repeat(20) } } }),
  },
  {
    about: "a branch",
    spec: deployment({ artifact: { git: { url: "https://git.example/ra.git", commit: "main" } } }),
    refusal: "",
  },
  {
    about: "a digest that is too short",
    spec: deployment({ artifact: { archive: { ...archive, sha256: "ab" } } }),
    refusal: "",
  },
  {
    about: "a digest in capitals",
    spec: deployment({ artifact: { archive: { ...archive, sha256: "AB".repeat(32) } } }),
    refusal: "",
  },
  {
    about: "an archive over http",
    spec: deployment({ artifact: { archive: { ...archive, url: "http://alpha.example/a.tgz" } } }),
    refusal: "",
  },
  {
    about: "an archive with a password",
    spec: deployment({ artifact: { archive: { ...archive, url: "https://a:b@alpha.example/a.tgz" } } }),
    refusal: "",
  },
  { about: "an app in capitals", spec: deployment({ app: "Shop" }), refusal: "" },
  { about: "an app of 64 letters", spec: deployment({ app: "a".repeat(64) }), refusal: "" },
  { about: "replicas", spec: deployment({ replicas: 3 }), refusal: "an update has no replicas" },
  {
    about: "selector and template, as kustomize adds them",
    spec: deployment({ selector: { matchLabels: { a: "b" } }, template: { metadata: { labels: { a: "b" } } } }),
  },
  {
    about: "a description of 1024 characters that are two code units each",
    spec: deployment({ description: "🚀".repeat(1024) }),
  },
  { about: "a description of 1025 characters", spec: deployment({ description: "a".repeat(1025) }), refusal: "" },
];

const server = (change: object): object => ({ tier: "Public", url: "https://shop.stg.example", ...change });
const omega = (change: object): object => server({ tier: "Omega", ...change });
const agent = { url: "https://10.4.0.17:7443" };
const pin = "9f".repeat(32);

const servers: readonly Example[] = [
  { about: "the least", spec: server({}) },
  { about: "http on Public", spec: server({ url: "http://shop.stg.example" }) },
  { about: "http on Alpha", spec: server({ tier: "Alpha", url: "http://shop.stg.example:8080/shop" }) },
  {
    about: "http on Omega",
    spec: omega({ url: "http://shop.example" }),
    refusal: "an Omega server is reached by https:// only",
  },
  {
    about: "no approval on Omega",
    spec: omega({ approval: { required: 0 } }),
    refusal: "an Omega server needs at least one approval",
  },
  { about: "one approval on Omega", spec: omega({ approval: { required: 1 } }) },
  { about: "an approval that does not say how many on Omega", spec: omega({ approval: { author: "Deny" } }) },
  { about: "no approval on Public", spec: server({ approval: { required: 0 } }) },
  { about: "eleven approvals", spec: server({ approval: { required: 11 } }), refusal: "" },
  { about: "a window in UTC on every day", spec: server({ windows: [{ from: "22:00", to: "04:00" }] }) },
  {
    about: "a window of some days in a zone",
    spec: server({
      windows: [{ days: ["Sat", "Sun"], from: "00:00", to: "23:59", timeZone: "America/Argentina/Salta" }],
    }),
  },
  {
    about: "a zone that is not known, which only the operator can tell",
    spec: server({ windows: [{ from: "22:00", to: "04:00", timeZone: "Mars/Olympus" }] }),
  },
  { about: "no window at all", spec: server({ windows: [] }), refusal: "" },
  { about: "an hour that no day has", spec: server({ windows: [{ from: "24:00", to: "04:00" }] }), refusal: "" },
  { about: "an hour in another form", spec: server({ windows: [{ from: "9:00", to: "17:00" }] }), refusal: "" },
  {
    about: "a day in another form",
    spec: server({ windows: [{ days: ["monday"], from: "09:00", to: "17:00" }] }),
    refusal: "",
  },
  { about: "a soak of a day", spec: server({ soakSeconds: 86_400 }) },
  { about: "a soak that goes backwards", spec: server({ soakSeconds: -1 }), refusal: "" },
  { about: "updates in order", spec: server({ queue: "Ordered" }) },
  { about: "updates in another order", spec: server({ queue: "Oldest" }), refusal: "" },
  {
    about: "two drivers",
    spec: server({ agent, kubernetes: {} }),
    refusal: "a server has at most one of agent, git, kubernetes",
  },
  {
    about: "private artifacts of hosts in every spelling",
    spec: server({
      kubernetes: {
        serviceAccountName: "deployer",
        artifactSecretRef: { name: "deploy-read", hosts: ["git.example", "10.0.0.7:8443", "[fd00::1]:443"] },
      },
    }),
  },
  ...["https://git.example", "*.example", "git.example/acme", "git.example:0", ""].map((host) => ({
    about: `private artifacts of a host that is none: ${host}`,
    spec: server({
      kubernetes: { serviceAccountName: "deployer", artifactSecretRef: { name: "deploy-read", hosts: [host] } },
    }),
    refusal: "",
  })),
  {
    about: "private artifacts of no host",
    spec: server({
      kubernetes: { serviceAccountName: "deployer", artifactSecretRef: { name: "deploy-read", hosts: [] } },
    }),
    refusal: "",
  },
  { about: "a pin", spec: server({ tls: { sha256: pin } }) },
  { about: "a CA", spec: server({ tls: { caSecretRef: { name: "ra-ca" } } }) },
  {
    about: "a pin and a CA",
    spec: server({ tls: { sha256: pin, caSecretRef: { name: "ra-ca" } } }),
    refusal: "tls is a pin (sha256) or a CA (caSecretRef), not both",
  },
  {
    about: "a pin and a CA of the agent",
    spec: server({ agent: { ...agent, tls: { sha256: pin, caSecretRef: { name: "ra-ca" } } } }),
    refusal: "tls is a pin",
  },
  { about: "an agent over http", spec: server({ agent: { url: "http://10.4.0.17:7443" } }), refusal: "" },
  { about: "a tier in small letters", spec: server({ tier: "public" }), refusal: "" },
  { about: "a URL without a scheme", spec: server({ url: "shop.example" }), refusal: "" },
  { about: "a URL with a user", spec: server({ url: "https://me@shop.example" }), refusal: "" },
  { about: "a Secret in capitals", spec: server({ tls: { caSecretRef: { name: "Ra-CA" } } }), refusal: "" },
  { about: "a check of another host", spec: server({ checks: { modules: { path: "//evil.example/" } } }), refusal: "" },
  { about: "a check without its path", spec: server({ checks: { modules: {} } }), refusal: "" },
  {
    about: "two requests of one name",
    spec: server({
      checks: {
        api: {
          requests: [
            { name: "a", path: "/a" },
            { name: "a", path: "/b" },
          ],
        },
      },
    }),
    refusal: "",
  },
  { about: "no request", spec: server({ checks: { api: { requests: [] } } }), refusal: "" },
  {
    about: "a request with nothing but a path",
    spec: server({ checks: { api: { requests: [{ name: "a", path: "/a" }] }, performance: {}, security: {} } }),
  },
  {
    about: "a category required twice",
    spec: server({ checks: { required: ["Health Check", "Health Check"] } }),
    refusal: "",
  },
  { about: "an unknown category", spec: server({ checks: { required: ["Smoke"] } }), refusal: "" },
];

const mainframe = (change: object): object => ({ omega: "ra-01", agent, ...change });

const mainframes: readonly Example[] = [
  { about: "the least", spec: mainframe({}) },
  { about: "wave 100", spec: mainframe({ wave: 100 }) },
  { about: "wave 0", spec: mainframe({ wave: 0 }), refusal: "" },
  { about: "wave 101", spec: mainframe({ wave: 101 }), refusal: "" },
  { about: "wave one and a half", spec: mainframe({ wave: 1.5 }), refusal: "" },
  { about: "no omega", spec: { agent }, refusal: "" },
  { about: "no agent", spec: { omega: "ra-01" }, refusal: "" },
  { about: "http", spec: mainframe({ url: "http://cust.example" }), refusal: "" },
  { about: "a licence that is no JWS", spec: mainframe({ licence: "please" }), refusal: "" },
  {
    about: "a pin and a CA",
    spec: mainframe({ tls: { sha256: pin, caSecretRef: { name: "ra-ca" } } }),
    refusal: "tls is a pin",
  },
];

const record = seal({
  seq: 0,
  previous: "",
  time: "2026-11-20T10:00:00.123Z",
  deployment: { name: "security-patch-001", uid: "3f0f2c50-0000-0000-0000-000000000000" },
  app: "default",
  version: "9.4.2",
  artifacts: [{ layer: "main", digest: `sha256:${"ab".repeat(32)}` }],
  to: "Waiting",
  reason: "Created",
  message: "It was created.",
  actor: { name: "author", known: "Admission" },
});
const records: readonly Example[] = [
  { about: "the first", spec: record },
  { about: "no hash", spec: { ...record, hash: "" }, refusal: "" },
  { about: "a negative seq", spec: { ...record, seq: -1 }, refusal: "" },
  { about: "a local time", spec: { ...record, time: "2026-11-20T10:00:00+01:00" }, refusal: "" },
  { about: "an unknown state", spec: { ...record, to: "Lost" }, refusal: "" },
  { about: "a reason of two words", spec: { ...record, reason: "Was created" }, refusal: "" },
];

export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  Deployment: deployments,
  Server: servers,
  Mainframe: mainframes,
  DeploymentRecord: records,
};
