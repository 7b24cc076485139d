/** What an image holds, by its path without a leading slash. Everything belongs to root and nobody writes it. */
export type Entry =
  | { readonly kind: "file"; readonly bytes: Buffer; readonly executable: boolean }
  | { readonly kind: "link"; readonly to: string }
  | { readonly kind: "folder"; readonly mode: number };

export type Tree = ReadonlyMap<string, Entry>;

export const file = (content: Buffer | string, executable = false): Entry => ({
  kind: "file",
  bytes: typeof content === "string" ? Buffer.from(content) : content,
  executable,
});
export const link = (to: string): Entry => ({ kind: "link", to });
export const folder = (mode = 0o755): Entry => ({ kind: "folder", mode });

export const modeOf = (entry: Entry): number =>
  entry.kind === "folder" ? entry.mode : entry.kind === "link" ? 0o777 : entry.executable ? 0o755 : 0o644;

/** The same tree with every folder it needs, in the one order that all builds have: a folder before what is in it. */
export function whole(tree: Tree): readonly (readonly [path: string, entry: Entry])[] {
  const all = new Map<string, Entry>(tree);
  for (const path of tree.keys()) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const above = parts.slice(0, depth).join("/");
      if (!all.has(above)) all.set(above, folder());
    }
  }
  return [...all].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
