import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "./connect.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ashat-connect-"));
});
afterAll(() => rm(dir, { recursive: true }));

const config = (server: string, cluster = "") => `
current-context: a
contexts: [{name: a, context: {cluster: a}}]
clusters: [{name: a, cluster: {server: "${server}"${cluster}}}]
`;

test.each([
  ["is a list", "- a\n", /^The kubeconfig \S+file .*cannot be used/],
  ["is no YAML", "{", /^The kubeconfig \S+file is not YAML/],
  [
    "names a server that is no address",
    config("nowhere"),
    /^The kubeconfig \S+file .*the server of its cluster is no address/,
  ],
  [
    "names a CA that is not there",
    config("https://localhost", ", certificate-authority: gone.crt"),
    /^The file \S+gone.crt that the kubeconfig \S+file names cannot be read \(ENOENT\)/,
  ],
])("a kubeconfig that %s is named, with what is wrong", async (_, text, says) => {
  const file = join(dir, "file");
  await writeFile(file, text);
  await expect(connect({}, { KUBECONFIG: file })).rejects.toMatchObject({
    code: 2,
    message: expect.stringMatching(says),
  });
});

test("a folder, or a file that is not there, is no kubeconfig", async () => {
  for (const [kubeconfig, code] of [
    [dir, "EISDIR"],
    [join(dir, "missing"), "ENOENT"],
  ] as const)
    await expect(connect({ kubeconfig }, {})).rejects.toMatchObject({
      code: 2,
      message: `The kubeconfig ${kubeconfig} cannot be read (${code}); name another one with --kubeconfig <file>.`,
    });
});

test("without any kubeconfig the option that names one is said", async () => {
  await expect(connect({}, { HOME: dir })).rejects.toMatchObject({
    code: 2,
    message: expect.stringContaining("--kubeconfig <file>"),
  });
  await expect(connect({}, { KUBECONFIG: join(dir, "missing") })).rejects.toMatchObject({
    message: expect.stringContaining("--kubeconfig <file>"),
  });
});
