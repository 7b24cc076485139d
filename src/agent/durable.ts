import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes the names in a folder survive a power cut. */
export const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

/** After it returns, the file holds the whole text for good; before, it holds what it held. */
export const writeDurably = async (path: string, text: string): Promise<void> => {
  const next = `${path}.next`;
  const file = await open(next, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  await syncFolder(dirname(path));
};
