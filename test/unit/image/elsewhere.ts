import { cp, mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

const TELLS = /^(package[.]json|tsconfig[.]json|licen[cs]e.*|copying.*)$/i;

/** Copies these files of the checkout, and what stands above them and says whose they are, as a checkout in another folder has them. */
export async function copyElsewhere(root: string, files: readonly string[], to: string): Promise<void> {
  const folders = new Set(["."]);
  for (const file of files) for (let at = dirname(file); at !== "."; at = dirname(at)) folders.add(at);
  const all = new Set(files);
  for (const folder of folders)
    for (const entry of await readdir(join(root, folder), { withFileTypes: true }))
      if (entry.isFile() && TELLS.test(entry.name)) all.add(join(folder, entry.name));
  for (const file of all) {
    await mkdir(dirname(join(to, file)), { recursive: true });
    await cp(join(root, file), join(to, file));
  }
}
