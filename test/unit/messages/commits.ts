import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { notFound } from "../../../src/delivery/git/answers.ts";
import { deliverOnBranch } from "../../../src/delivery/git/deliver.ts";
import { DISK_BOUNDS, type DiskBounds, watchDisk } from "../../../src/delivery/git/disk.ts";
import { valuesHash } from "../../../src/delivery/git/fields.ts";
import { messageOf } from "../../../src/delivery/git/message.ts";
import { failed, MirrorBroken } from "../../../src/delivery/git/mirror.ts";
import { openMirrors } from "../../../src/delivery/git/mirrors.ts";
import { readFile } from "../../../src/delivery/git/objects.ts";
import { runGit } from "../../../src/delivery/git/process.ts";
import { filesAt } from "../../../src/delivery/git/tree.ts";
import { addressRules } from "../../../src/dial/address-rules.ts";
import { kustomization, REF, SEAL } from "../../world/git-scene.ts";
import { FILE, heard, inRepository, ORDER, refused, type Repository, UNDO } from "./on-disk.ts";
import { PLACE } from "./repositories.ts";
import type { Told } from "./told.ts";

/** What is said of commits and of the files in them. */

const never = new AbortController().signal;

/** The file as it is on the branch, read as a delivery reads it. */
const read = ({ mirror, git, head }: Repository, path: string): Promise<readonly Told[]> => {
  git("push", "--quiet", mirror.dir, "HEAD:refs/heads/main");
  return refused(readFile(mirror, head(), path));
};

const mirrorsSay = async (
  work: () => Promise<never>,
  { resolve = true, folderIs = true } = {},
): Promise<readonly Told[]> => {
  const folder = mkdtempSync(join(tmpdir(), "ashat-messages-"));
  try {
    const addresses = addressRules({
      allow: [],
      remedy: () => "",
      resolve: (_host, _options, done) =>
        resolve ? done(null, [{ address: "203.0.113.7", family: 4 }]) : done(new Error("unknown"), []),
    });
    const mirrors = openMirrors(folder, addresses, 10_000);
    if (!folderIs) {
      rmSync(folder, { recursive: true });
      writeFileSync(folder, "");
    }
    return await refused(mirrors.at(PLACE, never, work));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** What is said where a mirror has taken more than these bounds. */
const full = async (bounds: Partial<DiskBounds>): Promise<readonly Told[]> => {
  const dir = mkdtempSync(join(tmpdir(), "ashat-messages-"));
  try {
    mkdirSync(join(dir, "objects", "pack"), { recursive: true });
    writeFileSync(join(dir, "objects", "pack", "tmp_pack_1"), "more than nothing");
    const disk = watchDisk({ ...DISK_BOUNDS, ...bounds });
    return await refused(disk.watched({ name: "a", dir, url: PLACE.url }, (_, look) => look()));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};

/** What our commit of that order says. */
const WORDS = (): string => {
  const wrote = ["newTag", "digest"].map((field) => ({
    file: FILE,
    place: { document: 0, path: ["images", { name: REF }, field] },
  }));
  const values = valuesHash([
    { raw: "", value: "2.0.0" },
    { raw: "", value: ORDER.digest },
  ]);
  return messageOf(
    ORDER,
    { name: PLACE.name, uid: PLACE.uid, folder: "apps/ra" },
    { wrote, values: values ?? "" },
    SEAL,
  );
};

export const COMMITS: Readonly<Record<string, () => Promise<readonly Told[]>>> = {
  "a repository that is too large": async () => [
    ...(await full({ mirror: 0 })),
    ...(await refused(Promise.reject(failed(PLACE, "fatal: attempting to allocate 300000001 over limit 67108864")))),
  ],
  "repositories that are too large together": () => full({ all: 0 }),
  "a delivery by commit": () =>
    inRepository(async ({ mirror, means, commit, git }) => {
      commit(FILE, kustomization("1.0.0", "a"));
      git("checkout", "--quiet", "--detach");
      return [
        await heard(Promise.resolve(notFound(PLACE, ORDER.key))),
        await heard(deliverOnBranch(mirror, ORDER, means)),
      ];
    }),
  "a delivery by commit of what stands there": () =>
    inRepository(async ({ mirror, means, commit }) => {
      commit(FILE, kustomization("2.0.0", "b"));
      return [await heard(deliverOnBranch(mirror, ORDER, means)), await heard(deliverOnBranch(mirror, UNDO, means))];
    }),
  "a restore of what somebody took back already": () =>
    inRepository(async ({ mirror, means, commit, git }) => {
      commit(FILE, kustomization("1.0.0", "a"));
      git("checkout", "--quiet", "--detach");
      await deliverOnBranch(mirror, ORDER, means);
      git("checkout", "--quiet", "main");
      commit(FILE, kustomization("1.0.0", "a"));
      return [await heard(deliverOnBranch(mirror, UNDO, means))];
    }),
  "a branch that others push to": () =>
    inRepository(async ({ mirror, means, commit }) => {
      commit(FILE, kustomization("1.0.0", "a"));
      return [await heard(deliverOnBranch(mirror, ORDER, { ...means, tries: 0 }))];
    }),
  "a restore over what somebody changed": () =>
    inRepository(async ({ mirror, means, commit, git }) => {
      commit(FILE, kustomization("1.0.0", "a"));
      git("checkout", "--quiet", "--detach");
      await deliverOnBranch(mirror, ORDER, means);
      git("checkout", "--quiet", "main");
      commit(FILE, kustomization("3.0.0", "c"));
      git("checkout", "--quiet", "--detach");
      return [await heard(deliverOnBranch(mirror, UNDO, means))];
    }),
  "a restore before the first commit": () =>
    inRepository(async ({ mirror, means, commit }) => {
      commit(FILE, kustomization("2.0.0", "b"), WORDS());
      return [await heard(deliverOnBranch(mirror, UNDO, means))];
    }),
  "a restore of a delivery that nobody can prove": () =>
    inRepository(async ({ mirror, means, commit }) => {
      commit(FILE, kustomization("1.0.0", "a"));
      commit(FILE, kustomization("2.0.0", "b"), WORDS().replace("Ashat-Version: 2.0.0", "Ashat-Version: 2.0.1"));
      return [await heard(deliverOnBranch(mirror, UNDO, means))];
    }),
  "a file that is not there": () =>
    inRepository(async (repository) => {
      repository.commit("README.md", "");
      return read(repository, FILE);
    }),
  "a file that is none": () =>
    inRepository(async (repository) => {
      repository.link("apps/other");
      repository.link(FILE);
      return [...(await read(repository, FILE)), ...(await read(repository, "apps/other/kustomization.yaml"))];
    }),
  "a file of other characters": () =>
    inRepository(async (repository) => {
      repository.commit(FILE, Buffer.from([0xff, 0xfe, 0x41]));
      return read(repository, FILE);
    }),
  "a commit that is not there": () =>
    inRepository(async ({ mirror, commit }) => {
      commit(FILE, "");
      return refused(filesAt(mirror, "d".repeat(40), "apps"));
    }),
  "a folder of too many manifests": () =>
    inRepository(async ({ mirror, commit, head }) => {
      commit("big/large.yaml", "x".repeat(1024 * 1024 + 1));
      for (let at = 0; at < 1001; at += 1) {
        mkdirSync(join(mirror.session.folder, "origin", "apps"), { recursive: true });
        writeFileSync(join(mirror.session.folder, "origin", "apps", `${at}.yaml`), "");
      }
      commit("apps/last.yaml", "");
      return [...(await refused(filesAt(mirror, head(), "apps"))), ...(await refused(filesAt(mirror, head(), "big")))];
    }),
  "a machine without git": () => {
    const env = { PATH: "/nonexistent" };
    return refused(runGit({ args: ["version"], env, cwd: "/", secrets: [], signal: never, deadline: never }));
  },
  "a repository that does not answer": async () => {
    const env = { PATH: process.env["PATH"] ?? "" };
    const deadline = AbortSignal.abort();
    const slow = failed(PLACE, "fatal: unable to access: Operation too slow. Less than 1000 bytes/sec transferred");
    return [
      ...(await refused(Promise.reject(slow))),
      ...(await refused(runGit({ args: ["version"], env, cwd: "/", secrets: [], signal: never, deadline }))),
    ];
  },
  "more than git may say": () =>
    inRepository(async ({ mirror, commit, head, git }) => {
      commit("large.bin", Buffer.alloc(17 * 1024 * 1024));
      git("push", "--quiet", mirror.dir, "HEAD:refs/heads/main");
      return refused(mirror.run(["cat-file", "blob", `${head()}:large.bin`]));
    }),
  "a repository that sends what git cannot use": () =>
    mirrorsSay(() => Promise.reject(new MirrorBroken("fatal: bad object"))),
  "a host of git that nobody knows": () => mirrorsSay(() => Promise.reject(new Error("asked")), { resolve: false }),
  "a folder of mirrors that cannot be used": () =>
    mirrorsSay(() => Promise.reject(new Error("asked")), { folderIs: false }),
};
