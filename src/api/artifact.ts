import { z } from "zod";
import { hex64, httpsUrl, text } from "./fields.ts";
import { rules } from "./rule.ts";

const Archive = z.object({
  url: httpsUrl("Where the gzip tar is fetched from, e.g. https://alpha.example/ra-9.4.2.tgz."),
  sha256: hex64("SHA-256 of the archive in hex; what arrives with another digest is refused."),
});

const Git = z.object({
  url: text(2048, "Repository, e.g. https://git.example/ra.git."),
  commit: z
    .string()
    .max(64)
    .regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)
    .describe("Full commit id; branches and tags move and are not accepted."),
});

const Image = z.object({
  ref: text(512, "Image without tag, e.g. registry.example/ra."),
  digest: z
    .string()
    .max(71)
    .regex(/^sha256:[0-9a-f]{64}$/)
    .describe("Digest of the image, e.g. sha256:ab…; tags move and are not accepted."),
});

/** What is delivered, always pinned by content. Exactly one of the three. */
export const Artifact = rules(
  z
    .object({
      archive: Archive.optional().describe("A gzip tar with ashat.json at its root."),
      git: Git.optional().describe("A commit of a Git repository."),
      image: Image.optional().describe("A container image by digest."),
    })
    .describe("What is delivered, pinned by content: exactly one of archive, git, image."),
  [
    {
      cel: "[has(self.archive), has(self.git), has(self.image)].filter(x, x).size() == 1",
      message: "an artifact is exactly one of archive, git, image",
      holds: (artifact) => [artifact.archive, artifact.git, artifact.image].filter((x) => x !== undefined).length === 1,
    },
  ],
);
export type Artifact = z.output<typeof Artifact>;

/** The content an artifact names, e.g. `sha256:ab…` or `git:4f…`; equal digests are the same artifact wherever they come from. */
export function digestOf(artifact: Artifact): string {
  if (artifact.archive) return `sha256:${artifact.archive.sha256}`;
  if (artifact.image) return artifact.image.digest;
  return `git:${artifact.git?.commit ?? ""}`;
}
