import { z } from "zod";
import { objectName, text } from "./fields.ts";
import { rules } from "./rule.ts";

/** Neither absolute nor with a step up, so that it stays inside. Segment by segment, because RE2 knows no lookahead. */
const INSIDE =
  /^(\.|([^./\\][^/\\]*|\.[^./\\][^/\\]*|\.\.[^/\\]+)(\/([^./\\][^/\\]*|\.[^./\\][^/\\]*|\.\.[^/\\]+))*\/?)$/;
/** What Git takes as the name of a branch, without what means something else on its command line. */
const BRANCH = /^[A-Za-z0-9_][A-Za-z0-9_+@#-]*([./][A-Za-z0-9_+@#-]+)*$/;
const file = (example: string) => text(512, `File below the path, e.g. ${example}.`).regex(INSIDE);
const imageName = text(
  512,
  "Repository of the image without tag, e.g. registry.example/ra; that of the artifact where absent.",
);
const VALUE = "What is written; {version}, {digest}, {ref}, {commit}, {url}, {sha256}, {app}, {layer} are replaced.";

/** One thing a delivery writes. The kind of place says how; everything around it stays as it is. */
const Change = rules(
  z.object({
    kustomizeImage: z
      .object({ file: file("kustomization.yaml").default("kustomization.yaml"), name: imageName.optional() })
      .optional()
      .describe("The entry of `images` in a kustomization: newTag and digest."),
    image: z
      .object({ file: file("deployment.yaml"), name: imageName.optional() })
      .optional()
      .describe("Every `image` of a container in a manifest: name:version@digest."),
    helmValue: z
      .object({
        file: file("values.yaml").default("values.yaml"),
        key: text(512, "Where in the values, with dots, e.g. image.tag."),
        value: text(1024, VALUE).default("{version}"),
      })
      .optional()
      .describe("A value of a Helm chart."),
    yaml: z
      .object({
        file: file("release.yaml"),
        kind: text(63, "Which document of the file, by its kind; the only one where absent.").optional(),
        name: text(253, "Which document of the file, by its metadata.name.").optional(),
        path: text(1024, "Where in the document, as a JSON pointer (RFC 6901), e.g. /spec/ref/tag.").regex(/^\//),
        value: text(1024, VALUE),
      })
      .optional()
      .describe("Any scalar of a YAML file."),
  }),
  [
    {
      cel: "[has(self.kustomizeImage), has(self.image), has(self.helmValue), has(self.yaml)].filter(x, x).size() == 1",
      message: "a change is exactly one of kustomizeImage, image, helmValue, yaml",
      holds: (change) =>
        [change.kustomizeImage, change.image, change.helmValue, change.yaml].filter((x) => x !== undefined).length ===
        1,
    },
  ],
);
export type Change = z.output<typeof Change>;

const PullRequest = z
  .object({
    repository: text(140, "Owner and name on GitHub, e.g. acme/deploy.").regex(
      /^[A-Za-z0-9][A-Za-z0-9-]*\/[A-Za-z0-9_.-]*[A-Za-z0-9_-]$/,
    ),
    api: text(2048, "Where its REST API is; another one for GitHub Enterprise.")
      .regex(/^https:\/\/[^\s/@]+(\/[^\s]*)?$/)
      .default("https://api.github.com"),
  })
  .describe("Deliver by a pull request that a person merges. Its token is the key `token` of the Secret.");

export const GitTarget = z
  .object({
    url: text(
      2048,
      "Repository, e.g. ssh://git@host/deploy or https://git.example/deploy.git; no credentials in it.",
    ).regex(
      /^(https?:\/\/[^\s/@-][^\s/@]*\/[^\s]*|ssh:\/\/([a-z0-9_][a-z0-9_-]*@)?[^\s/@-][^\s/@]*\/[^\s]*|[a-z0-9_][a-z0-9_-]*@[^\s/:@-][^\s/:@]*:[^\s-][^\s]*)$/,
    ),
    branch: text(255, "Branch.").regex(BRANCH).default("main"),
    path: text(
      512,
      "Folder in it; {app} and {layer} are replaced, e.g. apps/{app}/staging. Nothing outside is written.",
    ).regex(INSIDE),
    secretRef: z
      .object({ name: objectName("A Secret of the same namespace.") })
      .optional()
      .describe(
        "The Secret with the credentials: `username` and `password`, or `token`, for https; `identity` and `known_hosts` for ssh; `ca.crt` of the server; `signing-key` (SSH) signs commits.",
      ),
    change: z
      .array(Change)
      .min(1)
      .max(16)
      .optional()
      .describe("What a delivery writes; the image of the artifact in kustomization.yaml where absent."),
    pullRequest: PullRequest.optional(),
  })
  .describe("Delivery by a commit into a repository that Flux or Argo CD applies.");
export type GitTarget = z.output<typeof GitTarget>;
