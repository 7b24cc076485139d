import { z } from "zod";
import type { Check } from "./check.ts";
import { notConfigured, unanswered } from "./check.ts";
import { ledger } from "./ledger.ts";
import { plural, quoted } from "./words.ts";

const Module = z.object({ name: z.string().min(1), version: z.string(), loaded: z.boolean() });
const Listing = z.union([z.array(Module), z.object({ modules: z.array(Module) }).transform(({ modules }) => modules)]);

/** Versions are SemVer whose leading `v` means nothing. */
const bare = (version: string): string => version.replace(/^v(?=\d)/, "");

const parse = (body: string): readonly z.infer<typeof Module>[] | undefined => {
  try {
    return Listing.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
};

/** Every module of the manifest is loaded, and every part of the server reports the version of the update. */
export const checkModules: Check = async ({ checks, version, modules: wanted, moduleVersions = {} }, asker) => {
  if (checks.modules === undefined) return notConfigured("modules");
  const book = ledger();
  const what = `GET ${checks.modules.path}`;
  const asked = await asker.ask({ path: checks.modules.path, deadlineMs: 10_000 });
  if ("trouble" in asked) return unanswered(book, `${what} answers`, asked.trouble);
  const { status, body, cut } = asked.answer;
  if (!book.assert(`${what} answers 200`, status === 200, () => `${what} answers ${status} instead of 200`))
    return book.close("");
  const listed = parse(body);
  const shape = `${what} lists modules as [{"name", "version", "loaded"}]`;
  if (
    !book.assert(
      shape,
      listed !== undefined,
      () => `${what} ${cut ? "answers more than 64 KiB" : `answers ${quoted(body, 60)}`}, which is no list of modules`,
    )
  )
    return book.close("");
  const found = listed ?? [];
  book.measure("modules", found.length);
  book.assert("at least one module is listed", found.length > 0, () => `${what} lists no module`);

  const missing = (wanted ?? []).filter((name) => !found.some((module) => module.name === name));
  if (wanted !== undefined) {
    book.assert(
      `all ${plural(wanted.length, "module")} of the manifest are listed`,
      missing.length === 0,
      () =>
        `missing of the manifest: ${missing
          .slice(0, 5)
          .map((name) => quoted(name))
          .join(", ")}`,
    );
  }
  const idle = found.filter((module) => !module.loaded);
  book.assert(
    "every module is loaded",
    idle.length === 0,
    () =>
      `not loaded: ${idle
        .slice(0, 5)
        .map(({ name }) => quoted(name))
        .join(", ")}`,
  );
  const expected = (name: string): string => moduleVersions[name] ?? version;
  const other = found.filter((module) => bare(module.version) !== bare(expected(module.name)));
  book.assert(
    `every module reports ${version}${Object.keys(moduleVersions).length === 0 ? "" : ", or that of its layer or app"}`,
    other.length === 0,
    () =>
      other
        .slice(0, 5)
        .map(({ name, version: said }) => `${quoted(name)} reports ${quoted(said, 40)} instead of ${expected(name)}`)
        .join(", "),
  );
  const versions = new Set(found.map((module) => module.version));
  book.measure("versions", [...versions].slice(0, 5).join(", ").slice(0, 200));
  return book.close(
    `${plural(found.length, "module")} on ${asker.where} ${found.length === 1 ? "is" : "are all"} loaded and report${found.length === 1 ? "s" : ""} ${Object.keys(moduleVersions).length === 0 ? version : `what they should (${version})`}.`,
  );
};
