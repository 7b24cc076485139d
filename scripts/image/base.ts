import { posix } from "node:path";
import { controlOf, type Package, packages } from "./debian.ts";
import { neededLibraries } from "./elf.ts";
import { type Entry, file, folder, link, type Tree } from "./entry.ts";
import { unpacked } from "./unpacked.ts";

/** The user of every pod of ours. */
export const UID = 65532;

/**
 * Programs that run in the image, with the packages they are of: git and ssh for targets that are fed by Git. Git hands the line that starts
 * ssh to `sh`, so there is one: the smallest.
 */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  "base-files": ["usr/lib/os-release", "etc/os-release", "etc/debian_version"],
  dash: ["usr/bin/dash", "usr/bin/sh"],
  git: [
    "usr/bin/git",
    "usr/lib/git-core/git-remote-http",
    "usr/lib/git-core/git-remote-https",
    "usr/share/git-core/templates/description",
    "usr/share/git-core/templates/info/exclude",
  ],
  "openssh-client": ["usr/bin/ssh", "usr/bin/ssh-keygen"],
};

/** What Node asks the loader for. */
const FOR_NODE = ["libc6", "libstdc++6"];

interface Source {
  readonly from: Package;
  readonly entry: Entry;
}

type Shelf = ReadonlyMap<string, Source>;

const isLoader = (path: string): boolean => posix.basename(path).startsWith("ld-linux");

/** Libraries stand where the loader looks by itself. */
const isOnLoaderPath = (path: string): boolean => /^usr\/lib(64)?\/([^/]+-linux-gnu\/)?[^/]+$/.test(path);

/** Takes an entry and, where it is a link, what it points at. */
function take(path: string, shelf: Shelf, taken: Map<string, Source>): void {
  const source = shelf.get(path);
  if (source === undefined)
    throw new Error(
      `/${path} is in none of the Debian packages of this image: this Debian is newer or older than scripts/image/base.ts knows.`,
    );
  if (taken.has(path)) return;
  taken.set(path, source);
  const { entry } = source;
  if (entry.kind !== "link") return;
  const to = entry.to.startsWith("/") ? entry.to.slice(1) : posix.join(posix.dirname(path), entry.to);
  take(to.replace(/^(bin|sbin|lib|lib64)\//, "usr/$1/"), shelf, taken);
}

/** Takes every library that what is taken asks for, until nothing is asked for any more. */
function takeLibraries(node: Buffer, shelf: Shelf, taken: Map<string, Source>): void {
  const libraries = new Map([...shelf.keys()].filter(isOnLoaderPath).map((path) => [posix.basename(path), path]));
  const asked = new Set<string>();
  let next: readonly Buffer[] = [node, ...filesOf(taken)];
  while (next.length > 0) {
    const names = [...new Set(next.flatMap(neededLibraries))].filter((name) => !asked.has(name));
    const before = new Set(taken.keys());
    for (const name of names) {
      asked.add(name);
      take(libraries.get(name) ?? `usr/lib/${name}`, shelf, taken);
    }
    next = filesOf(new Map([...taken].filter(([path]) => !before.has(path))));
  }
}

const filesOf = (taken: Shelf): readonly Buffer[] =>
  [...taken.values()].flatMap(({ entry }) => (entry.kind === "file" ? [entry.bytes] : []));

/** The licence of each package that something was taken from, and the texts these refer to. */
function takeLicences(names: Iterable<string>, shelf: Shelf, taken: Map<string, Source>): void {
  for (const name of names) {
    const doc = `usr/share/doc/${name}`;
    const elsewhere = shelf.get(doc);
    if (elsewhere?.entry.kind === "link") {
      taken.set(doc, elsewhere);
      take(`usr/share/doc/${posix.basename(elsewhere.entry.to)}/copyright`, shelf, taken);
    } else take(`${doc}/copyright`, shelf, taken);
  }
  for (const path of shelf.keys()) if (path.startsWith("usr/share/common-licenses/")) take(path, shelf, taken);
}

const certificates = (shelf: Shelf): string =>
  [...shelf]
    .filter(([path]) => path.startsWith("usr/share/ca-certificates/mozilla/"))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { entry }]) => (entry.kind === "file" ? entry.bytes.toString("latin1").trimEnd() : ""))
    .join("\n")
    .concat("\n");

const PASSWD = `root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:${UID}:${UID}:nonroot:/home/nonroot:/sbin/nologin
`;

/** The part of the image that is Debian's: the loader, the libraries that Node, git and ssh ask for, these two, and whom to trust. */
export async function baseTree(node: Buffer): Promise<Tree> {
  const found = await packages([...Object.keys(PROGRAMS), "ca-certificates", ...FOR_NODE]);
  const shelf = new Map<string, Source>();
  for (const from of found) for (const [path, entry] of await unpacked(from)) shelf.set(path, { from, entry });
  const taken = new Map<string, Source>();
  for (const paths of Object.values(PROGRAMS)) for (const path of paths) take(path, shelf, taken);
  for (const path of shelf.keys()) if (isLoader(path)) take(path, shelf, taken);
  takeLibraries(node, shelf, taken);
  const used = new Set([...taken.values()].map(({ from }) => from.name)).add("ca-certificates");
  takeLicences(used, shelf, taken);
  const known = await Promise.all(
    found
      .filter(({ name }) => used.has(name))
      .map(async (one): Promise<[string, Entry]> => [`var/lib/dpkg/status.d/${one.name}`, file(await controlOf(one))]),
  );
  return new Map<string, Entry>([
    ...[...taken].map(([path, { entry }]): [string, Entry] => [path, entry]),
    // Scanners read there what the image is made of.
    ...known,
    ["bin", link("usr/bin")],
    ["lib", link("usr/lib")],
    ...([...taken.keys()].some((path) => path.startsWith("usr/lib64/")) ? [["lib64", link("usr/lib64")] as const] : []),
    ["etc/passwd", file(PASSWD)],
    ["etc/group", file(`root:x:0:\nnobody:x:65534:\nnonroot:x:${UID}:\n`)],
    ["etc/nsswitch.conf", file("passwd: files\ngroup: files\nhosts: files dns\n")],
    ["etc/ssl/certs/ca-certificates.crt", file(certificates(shelf))],
    ["home/nonroot", folder()],
    ["tmp", folder(0o1777)],
  ]);
}
