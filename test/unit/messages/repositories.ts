import type { Change } from "../../../src/api/git-target.ts";
import { fence, inTime, mustBeSame, mustFit } from "../../../src/delivery/git/answers.ts";
import { parseGitCredentials } from "../../../src/delivery/git/credentials.ts";
import { wantedBy } from "../../../src/delivery/git/edits/change.ts";
import { documentIndex } from "../../../src/delivery/git/edits/documents.ts";
import { inside } from "../../../src/delivery/git/edits/inside.ts";
import type { Place } from "../../../src/delivery/git/edits/place.ts";
import { parseSource } from "../../../src/delivery/git/edits/source.ts";
import { putBack, write } from "../../../src/delivery/git/edits/write.ts";
import { remoteOf } from "../../../src/delivery/git/remote.ts";
import { failureOf } from "../../../src/delivery/git/said.ts";
import type { GitPlace } from "../../../src/delivery/git/target.ts";
import { asAnswer } from "../../../src/delivery/git/trouble.ts";
import { assignment } from "../../world/git-scene.ts";
import type { Told } from "./told.ts";

/** What is said of a repository, its Secret and its files, before anything is written. */

/** A thrown trouble or refusal as the operator tells it. */
export const toldOf = (error: unknown): Told => {
  const answer = asAnswer(error);
  return { codes: [answer.state === "Refused" ? answer.reason : answer.state], text: answer.message };
};

const thrown = (...attempts: readonly (() => unknown)[]): readonly Told[] =>
  attempts.flatMap((attempt) => {
    try {
      attempt();
      return [];
    } catch (error) {
      return [toldOf(error)];
    }
  });

const problems = (...secrets: readonly Readonly<Record<string, string>>[]): readonly Told[] =>
  secrets.flatMap((secret) => {
    const data = Object.entries(secret).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
    const parsed = parseGitCredentials(Object.fromEntries(data) as Readonly<Record<string, string>>);
    return parsed.ok ? [] : parsed.problems.map((text) => ({ codes: ["TrustMissing"], text }));
  });

const URL = "https://git.example/deploy.git";
export const PLACE: GitPlace = {
  name: "shop/staging",
  uid: "uid-1",
  url: URL,
  branch: "main",
  path: "apps/{app}",
  credentials: {},
};
const SSH = { ssh: { identity: "x", knownHosts: "x" } };
const reached = (...places: readonly Partial<GitPlace>[]): readonly Told[] =>
  thrown(...places.map((place) => () => remoteOf({ ...PLACE, ...place })));
const said = (...words: readonly string[]): readonly Told[] =>
  words.map((one) => toldOf(failureOf({ url: URL, branch: "main" }, one)));

const KEY = (kind: string): string => `-----BEGIN ${kind}PRIVATE KEY-----\nAAAA\n-----END ${kind}PRIVATE KEY-----\n`;
const KNOWN = "git.example ssh-ed25519 AAAA\n";

const VALUES = { app: "shop", layer: "main", version: "2.0.0", digest: `sha256:${"b".repeat(64)}` };
const IMAGE = { ...VALUES, ref: "r.example/ra" };
const helm = (key: string, value = "{version}"): Change => ({ helmValue: { file: "f.yaml", key, value } });
const yaml = (path: string, kind?: string): Change => ({
  yaml: { file: "f.yaml", path, value: "{version}", ...(kind !== undefined && { kind }) },
});
const kustomize: Change = { kustomizeImage: { file: "f.yaml" } };

const edits = (
  rows: readonly (readonly [string, Change])[],
  values: Readonly<Record<string, string>> = VALUES,
): readonly Told[] =>
  thrown(
    ...rows.map(([text, change]) => () => {
      const source = parseSource("f.yaml", text);
      for (const wanted of wantedBy(source, change, values)) write(source, wanted);
    }),
  );
const restores = (text: string, place: Place): readonly Told[] =>
  thrown(() => putBack(parseSource("f.yaml", text), place, undefined));

const NESTED = `a0: &a0 [${"x,".repeat(20)}]\n${Array.from(
  { length: 9 },
  (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]\n`,
).join("")}tag: 1\n`;
const ORDER = assignment(1, "2.0.0", "b");

export const REPOSITORIES: Readonly<Record<string, () => readonly Told[]>> = {
  "a Secret for git that lacks something": () =>
    problems(
      { password: "p" },
      { username: "p" },
      { token: "" },
      { identity: KEY("") },
      { known_hosts: KNOWN },
      { identity: KEY(""), known_hosts: "# none\n" },
    ),
  "a Secret for git that says too much": () =>
    problems(
      { username: "u", password: "p", token: "t" },
      { identity: KEY(""), known_hosts: KNOWN, username: "u", password: "p" },
    ),
  "a Secret for git that cannot be read": () =>
    problems(
      { username: "a:b", password: "p" },
      { username: "a", password: "p\nX: 1" },
      { identity: "ssh-ed25519 AAAA", known_hosts: KNOWN },
      { identity: KEY("ENCRYPTED "), known_hosts: KNOWN },
      { "ca.crt": "x" },
      { "ssh-privatekey": "x" },
    ),
  "a URL that is none of a repository": () => reached({ url: "/etc" }, { url: "https://a:b@git.example/deploy.git" }),
  "a password over plain http": () => reached({ url: "http://git.example/x.git", credentials: { token: "t" } }),
  "a protocol other than https and ssh": () => said("fatal: transport 'file' not allowed"),
  "a repository that leads elsewhere": () => said("fatal: unable to update url base from redirection:"),
  "credentials of another kind": () =>
    reached(
      { url: "ssh://git@git.example/x.git" },
      { credentials: SSH },
      { pullRequest: { repository: "acme/deploy", api: "https://api.git.example" } },
    ),
  "credentials that are not accepted": () => said("fatal: Authentication failed for 'https://git.example/'"),
  "an account that may not push": () =>
    said("remote: Write access to repository not granted.\nfatal: The requested URL returned error: 403"),
  "a branch that is protected": () =>
    said("remote: error: GH006: Protected branch update failed for refs/heads/main.\n ! [remote rejected]"),
  "a repository that is not there": () => said("fatal: repository 'https://git.example/' not found"),
  "a branch that is not there": () => said("fatal: couldn't find remote ref refs/heads/main"),
  "a host with another SSH key": () => said("Host key verification failed."),
  "a repository whose certificate nobody trusts": () => said("fatal: SSL certificate problem: unable to get issuer"),
  "a repository that nobody listens at": () => said("fatal: unable to access: Failed to connect to git.example"),
  "words of git that nobody knows": () => said("fatal: the dog ate it"),
  "an order for git that is another one": () => {
    const entry = {
      ...ORDER,
      target: "shop/staging",
      targetUid: "uid-1",
      folder: "apps/ra",
      commit: "c".repeat(40),
      parent: undefined,
      wrote: [],
      values: undefined,
      sealed: true,
    };
    return thrown(() => mustBeSame(entry, { ...ORDER, version: "2.0.1" }));
  },
  "an order for git that comes late": () => {
    const seen = new Map([["uid-1.ra.main", { ...ORDER, sequence: 7 }]]);
    return thrown(() => fence({ seen } as unknown as Parameters<typeof fence>[0], ORDER));
  },
  "an order for git whose time is over": () => thrown(() => inTime(ORDER, ORDER.expiresAt)),
  "an order for git that is about something else": () => thrown(() => mustFit(PLACE, { ...ORDER, app: "other" })),
  "a file outside of the folder": () => thrown(() => inside("apps/shop", "../x.yaml")),
  "a file that is too large": () =>
    thrown(
      () => parseSource("f.yaml", "x".repeat(512 * 1024 + 1)),
      () => parseSource("f.yaml", `[${"1,".repeat(40_000)}]`),
    ),
  "a file that is no YAML": () =>
    edits([
      ["a: 1\nb: [1,\n", helm("a")],
      ["a: 1\ntag: 1\ntag: 2\n", helm("tag")],
    ]),
  "a file that cannot be edited in place": () => [
    ...edits([["images:\n- ? name\n  : r.example/ra\n", kustomize]], IMAGE),
    ...restores("tag: 1\n", { document: 0, path: ["tag"] }),
  ],
  "aliases that grow without end": () => edits([[NESTED, helm("tag")]]),
  "a place that is not in the file": () => [
    ...edits([
      ["image:\n  name: x\n", helm("image.tag")],
      ["image: x\n", helm("image.tag.more")],
      ["a: &m {tag: 1}\nb:\n  <<: *m\n  c: 1\n", helm("b.tag")],
      ["# nothing\n", helm("a")],
      ["kind: A\n", yaml("/a", "B")],
    ]),
    ...edits([["kind: Pod\nspec: {containers: [{image: other:1}]}\n", { image: { file: "f.yaml" } }]], IMAGE),
    ...edits([["kind: Pod\nspec: {containers: []}\n", { image: { file: "f.yaml" } }]], IMAGE),
    ...edits([["images: [{name: x}]\n", kustomize]], IMAGE),
    ...edits([["images: []\n", kustomize]], IMAGE),
    ...thrown(
      () => documentIndex(parseSource("f.yaml", "a: 1\n"), "Pod/web"),
      () => documentIndex(parseSource("f.yaml", "a: 1\n"), 4),
    ),
  ],
  "a place that is there more than once": () => [
    ...edits([["a: 1\n---\na: 2\n", yaml("/a")]]),
    ...edits([["images: [{name: r.example/ra}, {name: r.example/ra}]\n", kustomize]], IMAGE),
  ],
  "a path that is no JSON pointer": () => edits([["tag: a\n", yaml("tag")]]),
  "a value that is shared": () =>
    edits([
      ["a: &t 1.0.0\ntag: *t\n", helm("tag")],
      ["tag: &t 1.0.0\nb: *t\n", helm("tag")],
    ]),
  "a value that is no single one": () =>
    edits([
      ["image:\n  tag: {a: 1}\n", helm("image.tag")],
      ["tag: |\n  1.0.0\n", helm("tag")],
      ["tag: !!float 1.0\n", helm("tag")],
    ]),
  "a value that the update does not have": () => [
    ...edits([
      ["tag: a\n", helm("tag", "{commit}")],
      ["tag: a\n", helm("tag", "{versoin}")],
      ["images: []\n", kustomize],
    ]),
    ...edits([["tag: a\n", helm("tag")]], { ...VALUES, version: "1\n2" }),
  ],
};
