import { GitRefusal } from "./refusal.ts";
import { GitTrouble } from "./trouble.ts";

interface Asked {
  readonly url: string;
  readonly branch: string;
}

type Told = (asked: Asked, said: string) => GitRefusal | GitTrouble;

const refused = (reason: string, status: number, sentence: (asked: Asked, said: string) => string): Told => {
  return (asked, said) => new GitRefusal(reason, sentence(asked, said), status);
};
const troubled = (state: GitTrouble["state"], sentence: (asked: Asked, said: string) => string): Told => {
  return (asked, said) => new GitTrouble(state, sentence(asked, said));
};

/** What the server says, else what Git says, on one line. */
export const lastWords = (said: string): string => {
  const lines = said.replace(/(?!\n)[\p{Cc}\p{Cf}]/gu, " ").split("\n");
  const remote = lines.filter((line) => line.startsWith("remote:"));
  return (remote.length > 0 ? remote : lines)
    .map((line) => line.replace(/^((remote|fatal|error|warning|hint): *)+/i, "").trim())
    .filter(
      (line) =>
        line !== "" && !/^(To |! |Done$|failed to push some refs|Please make sure|and the repository)/.test(line),
    )
    .join("; ")
    .slice(0, 300);
};

/** What Git says in English (`LC_ALL=C`), and what that means for people. The first row that matches counts. */
const WORDS: readonly (readonly [RegExp, Told])[] = [
  [
    /couldn't find remote ref/i,
    refused(
      "BranchMissing",
      422,
      ({ url, branch }) => `${url} has no branch ${branch}. Correct git.branch of the Server, or create the branch.`,
    ),
  ],
  [
    /host key verification failed|remote host identification has changed|no .* host key is known/i,
    troubled(
      "WrongCertificate",
      ({ url }) =>
        `The SSH host key of ${url} is not the one in known_hosts of the Secret. If the server has a new key, compare it with its owner and write the line of ssh-keyscan into known_hosts.`,
    ),
  ],
  [
    /ssl certificate|certificate (verif|subject)|subject name|self.signed certificate|unable to get local issuer|no alternative certificate|server verification failed/i,
    troubled(
      "WrongCertificate",
      ({ url }) =>
        `The certificate of ${url} is not from a trusted authority or not for this name. A CA of your own stands under ca.crt in the Secret of git.secretRef.`,
    ),
  ],
  [
    /unable to update url base from redirection|redirect|returned error: 3\d\d/i,
    refused(
      "UrlRefused",
      422,
      ({ url }) =>
        `${url} leads somewhere else, and nothing is sent there. Write the address it leads to into git.url.`,
    ),
  ],
  [
    /authentication failed|could not read (username|password)|terminal prompts disabled|returned error: 401|permission denied \(|invalid username or/i,
    refused(
      "Unauthorized",
      401,
      ({ url }) =>
        `${url} does not accept the credentials. Whoever administers the namespace renews them in the Secret of git.secretRef, with the right to write.`,
    ),
  ],
  [
    /gh006|protected branch|hook declined|not allowed to push|you are not allowed|branch is protected/i,
    refused(
      "BranchProtected",
      403,
      ({ branch, url }, said) =>
        `${url} lets nobody push like this to ${branch} (${lastWords(said)}). Allow this account to, or deliver by git.pullRequest.`,
    ),
  ],
  [
    /returned error: 403|write access .* not granted|read.only|access denied/i,
    refused(
      "Forbidden",
      403,
      ({ url }, said) =>
        `${url} knows the credentials and does not allow this (${lastWords(said)}). Give the account the right to write.`,
    ),
  ],
  [
    /returned error: 404|repository .*not found|does not appear to be a git repository|not found/i,
    refused(
      "RepositoryMissing",
      422,
      ({ url }) =>
        `There is no repository at ${url}, or these credentials may not see it. Correct git.url of the Server, or the Secret.`,
    ),
  ],
  [
    /transport '.*' not allowed/i,
    refused("UrlRefused", 422, ({ url }) => `${url} is reached by something else than https or ssh.`),
  ],
  [
    /could not resolve|connection refused|failed to connect|couldn't connect|timed out|network is unreachable|no route to host|connection reset|connection closed|returned error: (429|5\d\d)|early eof|hung up|rpc failed|recv failure/i,
    troubled("Unreachable", ({ url }, said) => `${url} cannot be reached (${lastWords(said)}). It is asked again.`),
  ],
];

/** The sentence for a git command that failed at the repository. */
export const failureOf = (asked: Asked, said: string): GitRefusal | GitTrouble =>
  WORDS.find(([pattern]) => pattern.test(said))?.[1](asked, said) ??
  new GitTrouble("Garbage", `${asked.url}: git says ${lastWords(said) || "nothing"}.`);
