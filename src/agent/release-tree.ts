import { link, mkdir, open, realpath, symlink } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { Header } from "tar-stream";
import { syncFolder } from "./durable.ts";
import { entryPath, linkText, refused } from "./names.ts";
import type { Bounds } from "./unpack-bounds.ts";

type Kind = "folder" | "implied" | "file" | "link";

/** Where an archive gives a link no target, the reader gives null. */
const leadsTo = ({ linkname }: { readonly linkname?: string | null | undefined }): string => linkname ?? "";

/** A folder that grows by entries of an archive and never reaches outside itself. */
export class ReleaseTree {
  readonly #root: string;
  readonly #kinds = new Map<string, Kind>([["", "implied"]]);
  readonly #links: { readonly name: string; readonly path: string }[] = [];
  readonly #bounds: Bounds;

  constructor(root: string, bounds: Bounds) {
    this.#root = root;
    this.#bounds = bounds;
  }

  #at(path: string): string {
    return join(this.#root, path);
  }

  /** Every folder on the way was made here, so nothing is ever written through a link. */
  async #claim(name: string, path: string, kind: Exclude<Kind, "implied">): Promise<void> {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const parent = parts.slice(0, depth).join("/");
      const known = this.#kinds.get(parent);
      if (known === "file" || known === "link")
        throw refused(name, `lies under ${JSON.stringify(parent)}, which is no folder`);
      if (known !== undefined) continue;
      this.#bounds.entries += 1;
      this.#bounds.check();
      await mkdir(this.#at(parent), { mode: 0o755 });
      this.#kinds.set(parent, "implied");
    }
    const known = this.#kinds.get(path);
    if (known !== undefined && !(known === "implied" && kind === "folder")) throw refused(name, "is there twice");
    if (known === undefined && kind === "folder") await mkdir(this.#at(path), { mode: 0o755 });
    this.#kinds.set(path, kind);
  }

  async add(header: Header, body: AsyncIterable<Buffer>): Promise<void> {
    const { name } = header;
    const path = entryPath(name);
    const said = Object.keys(header.pax ?? {});
    if (said.includes("size")) throw refused(name, "says its size in two places");
    if (said.some((key) => key.startsWith("GNU.sparse."))) throw refused(name, "is a sparse file");
    if (header.type !== "file" && header.type !== "contiguous-file" && header.size > 0)
      throw refused(name, "carries a body, though it is no file");
    switch (header.type) {
      case "directory":
        if (path !== "" || this.#kinds.get("") !== "implied") await this.#claim(name, path, "folder");
        else this.#kinds.set("", "folder");
        return;
      case "file":
      case "contiguous-file":
        if (path === "") throw refused(name, "has no name");
        await this.#claim(name, path, "file");
        return this.#write(path, header.mode, body);
      case "symlink": {
        if (path === "") throw refused(name, "has no name");
        const text = linkText(name, path, leadsTo(header));
        await this.#claim(name, path, "link");
        await symlink(text, this.#at(path));
        this.#links.push({ name, path });
        return;
      }
      case "link": {
        const target = entryPath(leadsTo(header));
        if (this.#kinds.get(target) !== "file")
          throw refused(name, "is a hard link to something that is no file of this archive");
        await this.#claim(name, path, "file");
        await link(this.#at(target), this.#at(path));
        return;
      }
      case "block-device":
      case "character-device":
      case "fifo":
        throw refused(name, `is a ${header.type}; only files, folders and links inside are taken`);
      default:
        // The types promise that this cannot be; an archive can be made by anyone.
        throw refused(name, "is of a type that is not taken; only files, folders and links inside are");
    }
  }

  /** Owner may write, others may read; set-uid, set-gid and sticky never survive. */
  async #write(path: string, mode: number, body: AsyncIterable<Buffer>): Promise<void> {
    const file = await open(this.#at(path), "wx", (mode & 0o755) | 0o600);
    try {
      for await (const part of body) {
        this.#bounds.bodies += part.length;
        await file.write(part);
      }
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** A link may be harmless as text and still lead out through another one, so each is followed to its end. */
  async finish(): Promise<void> {
    const root = await realpath(this.#root);
    for (const { name, path } of this.#links) {
      const end = await realpath(this.#at(path)).catch(() => undefined);
      if (end === undefined) throw refused(name, "is a link to nothing");
      if (end !== root && !end.startsWith(root + sep)) throw refused(name, "is a link that leaves the folder");
    }
    for (const [path, kind] of this.#kinds)
      if (kind === "folder" || kind === "implied") await syncFolder(this.#at(path));
    await syncFolder(dirname(this.#root));
  }
}
