import type { Context } from "../../../src/controllers/context.ts";
import { artifactAccessOf, gitPlaceOf, kubernetesPlaceOf } from "../../../src/controllers/places.ts";
import { orUnasked } from "../../../src/controllers/unasked.ts";
import type { Answer } from "../kube/faulty-server.ts";
import { server } from "../fixtures.ts";
import { no, withAnswers } from "./api-answers.ts";
import type { Told } from "./told.ts";

/** What is said of the Secrets that a Server names, when they are read. */

const never = new AbortController().signal;
const GIT = { url: "https://git.example/deploy.git", branch: "main", path: "apps", secretRef: { name: "git" } };

const asked = (answer: Answer, ask: (context: Context) => Promise<unknown>): Promise<readonly Told[]> =>
  withAnswers(
    () => answer,
    async (client) => {
      // Places need nothing of a context but the API server.
      const said = await orUnasked(() => ask({ client } as unknown as Context));
      return typeof said === "object" && said !== null && "reason" in said && "message" in said
        ? [{ codes: [String(said.reason)], text: String(said.message) }]
        : [];
    },
  );

const byGit = (context: Context): Promise<unknown> => gitPlaceOf(context, server("staging", "Public"), GIT, never);
const byApply = (context: Context): Promise<unknown> =>
  kubernetesPlaceOf(
    context,
    server("staging", "Public"),
    { path: ".", healthySeconds: 30, timeoutSeconds: 600, secretRef: { name: "cluster" } },
    never,
  );
const byArtifact = (context: Context): Promise<unknown> =>
  artifactAccessOf(
    context,
    server("staging", "Public"),
    { path: ".", healthySeconds: 30, timeoutSeconds: 600, artifactSecretRef: { name: "deploy" } },
    never,
  );
const GONE = no(404, "NotFound", 'secrets "git" not found', { name: "git", kind: "secrets" });

const holding = (secret: Readonly<Record<string, string>>): Answer => {
  const data = Object.fromEntries(
    Object.entries(secret).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
  );
  return { body: { metadata: { name: "git", uid: "uid", resourceVersion: "1" }, data } };
};

export const PLACES: Readonly<Record<string, () => Promise<readonly Told[]>>> = {
  "a Secret of a server that is not there": async () => [
    ...(await asked(GONE, byGit)),
    ...(await asked(GONE, byApply)),
    ...(await asked(GONE, byArtifact)),
  ],
  "a Secret for git that cannot be used": () => asked(holding({ username: "bot" }), byGit),
  "a Secret for artifacts that cannot be used": () => asked(holding({ username: "bot" }), byArtifact),
  "a Secret for artifacts without a key that is read": () => asked(holding({ other: "x" }), byArtifact),
  "a Secret for artifacts that could be sent anywhere": () => asked(holding({ token: "t" }), byArtifact),
};
