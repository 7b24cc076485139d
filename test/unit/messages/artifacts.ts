import { artifactPlace, ofArtifact } from "../../../src/delivery/git/artifact-place.ts";
import { failureOf } from "../../../src/delivery/git/said.ts";
import type { ArtifactAccess } from "../../../src/delivery/kubernetes/artifact-access.ts";
import { toldOf } from "./clusters.ts";
import type { Told } from "./told.ts";

/** What is said of artifacts that not everybody may read. */

const HTTPS = "https://git.example/shop.git";
const SSH = "ssh://git@git.example/shop.git";
const TOKEN: ArtifactAccess = { secret: "shop/deploy", credentials: { token: "t" }, hosts: ["git.example"] };
const KEY: ArtifactAccess = { secret: "shop/deploy", credentials: { ssh: { identity: "x", knownHosts: "x" } } };
const CA: ArtifactAccess = { secret: "shop/deploy", credentials: { ca: "x" } };

/** A URL that is not asked at all. */
const refused = (...all: readonly (readonly [url: string, access: ArtifactAccess | undefined])[]): readonly Told[] =>
  all.flatMap(([url, access]) => {
    try {
      artifactPlace(url, access);
      return [];
    } catch (error) {
      return [toldOf(error)];
    }
  });

/** What git says there, with a Secret and without. */
const said = (words: string, url = HTTPS, all: readonly (ArtifactAccess | undefined)[] = [TOKEN, undefined]) =>
  all.map((access): Told => {
    const { place, source } = artifactPlace(url, access);
    return toldOf(ofArtifact(failureOf(place, words), place, source));
  });

export const ARTIFACTS: Readonly<Record<string, () => readonly Told[]>> = {
  "a URL of an artifact that is none of a repository": () =>
    refused(["ext::sh -c id", TOKEN], ["file:///etc", TOKEN], ["--upload-pack=id", TOKEN]),
  "a URL of an artifact with credentials in it": () => refused(["https://bot:word@git.example/shop.git", undefined]),
  "an artifact by plain http": () => refused(["http://git.example/shop.git", TOKEN]),
  "an artifact by ssh without a key": () => refused([SSH, undefined], [SSH, CA]),
  "an artifact that wants credentials": () => said("fatal: Authentication failed for 'https://git.example/'"),
  "an artifact that the account may not read": () => said("fatal: The requested URL returned error: 403"),
  "an artifact whose repository is not there": () => said("fatal: repository 'https://git.example/' not found"),
  "an artifact whose certificate nobody trusts": () =>
    said("fatal: SSL certificate problem: unable to get issuer", HTTPS, [CA, undefined]),
  "an artifact of a host with another SSH key": () => said("Host key verification failed.", SSH, [KEY]),
  "an artifact that leads elsewhere": () => said("fatal: unable to update url base from redirection:"),
};
