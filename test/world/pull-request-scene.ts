import { afterAll, beforeAll } from "vitest";
import { issue } from "../cluster/pki.ts";
import { credentialsOf, type GitScene, kustomization, openGitScene, PASSWORD } from "./git-scene.ts";
import { type PullRequests, startPullRequests } from "./pull-requests.ts";

export const FILE = "apps/ra/staging/kustomization.yaml";

/** Repositories to which one delivers by pull requests, for the tests of a file. The Git server is real; what speaks GitHub's requests is not GitHub. */
export const openPullRequestScene = (prefix: string, { isProtected = true } = {}) => {
  let scene: GitScene;
  const started: PullRequests[] = [];
  let count = 0;
  beforeAll(async () => {
    scene = await openGitScene();
  });
  afterAll(async () => {
    for (const hub of started) await hub.stop();
    await scene.end();
  });
  const open = async () => {
    count += 1;
    const files = { [FILE]: kustomization("1.0.0", "a") };
    const there = await scene.git.repository(`${prefix}-${count}`, { files });
    if (isProtected) await there.protect("main");
    const certificate = await issue(scene.ca, { commonName: "api", ips: ["127.0.0.1"] });
    const hub = await startPullRequests(certificate, { repository: there, name: "acme/deploy", token: PASSWORD });
    started.push(hub);
    const credentials = credentialsOf({ username: "bot", token: PASSWORD, "ca.crt": scene.ca.certPem });
    const place = scene.place(there.url, { credentials, pullRequest: { repository: "acme/deploy", api: hub.url } });
    return { there, hub, place, deliverer: await scene.deliverer() };
  };
  const deliverer: GitScene["deliverer"] = (more) => scene.deliverer(more);
  return { open, deliverer };
};
