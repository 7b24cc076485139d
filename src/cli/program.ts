import { Argument, Command, Option } from "commander";
import { approve } from "./approve.ts";
import { configure, type ConfigureFiles } from "./configure.ts";
import type { Login } from "./connect.ts";
import { ABOUT, NARROW_HELP, SESSION, visibleOptions } from "./help.ts";
import { history, type HistoryOptions } from "./history.ts";
import { outputOption, reasonOption, tierOption, timeoutOption, whole } from "./options.ts";
import type { Screen } from "./face.ts";
import { override, type OverrideOptions } from "./override.ts";
import { push, type PushOptions } from "./push.ts";
import { servers } from "./servers.ts";
import type { Session } from "./session.ts";
import { status } from "./status.ts";
import { cancel, rollback } from "./take-back.ts";
import { verify } from "./verify.ts";
import { type ConfigureOptions, PLACES, type PlaceKind } from "./wanted.ts";
import type { Output } from "./output.ts";

type Timed<T> = Omit<T, "timeoutMs"> & { readonly timeout: number };
const timed = <T extends { readonly timeout: number }>(options: T): T & { readonly timeoutMs: number } => ({
  ...options,
  timeoutMs: options.timeout * 1000,
});

export interface Running {
  readonly screen: Screen;
  /** Connects as the user, does the work, and keeps its exit code. */
  readonly run: (login: Login, work: (session: Session) => Promise<number>) => Promise<void>;
  readonly exit: (code: number) => void;
}

/** Every command of `deploy`, and how it is typed. */
export function deployProgram({ screen, run, exit }: Running): Command {
  const program = new Command("deploy")
    .description(ABOUT)
    .addHelpText("after", SESSION)
    .option("-n, --namespace <name>", "namespace; that of the kubeconfig's context by default")
    .option("--kubeconfig <file>", "kubeconfig to use; $KUBECONFIG or ~/.kube/config by default")
    .option("--context <name>", "context of that kubeconfig")
    .option("--as <user>", "act as somebody else; needs the right to")
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: NARROW_HELP, visibleOptions })
    .showHelpAfterError("(deploy help <command> shows how it is typed)")
    .helpCommand("help [command]", "how a command is typed");

  const does = (command: Command, work: (session: Session) => Promise<number>): Promise<void> =>
    run(command.optsWithGlobals<Login>(), work);

  program
    .command("configure")
    .summary("make a server or a mainframe known, or change it")
    .description("Makes a server or a mainframe known, or changes what was said of it; what is not said stays.")
    .addArgument(new Argument("<place>", "what it is").choices([...PLACES]))
    .argument("<url>", "where it answers; http:// for alpha and public only")
    .argument("<name>", "what it is called, e.g. PublicStaging")
    .option("--agent <url>", "where its agent listens; port 7443 of the same host by default")
    .option("--pin <sha256>", "SHA-256 of its certificate, where no CA vouches for it")
    .option("--ca-secret <name>", "Secret whose ca.crt signed its certificate")
    .option("--approvals <n>", "how many people must approve before anything is delivered there", whole(0, 10))
    .option("--checks <file>", "YAML of what stands under spec.checks")
    .option("--archive-url <template>", "where archives are, with {version}, {id}, {app} (alpha, public)")
    .option("--omega <server>", "which OMEGA server feeds it (mainframe)")
    .option("--licence <file>", "its licence, as `ashat licence issue` prints it (mainframe)")
    .option("--wave <n>", "in which wave it gets updates (mainframe)", whole(1, 100))
    .addOption(timeoutOption(5))
    .action(
      (place: PlaceKind, url: string, name: string, options: Timed<ConfigureOptions & ConfigureFiles>, self: Command) =>
        does(self, (session) => configure(session, place, url, name, timed(options))),
    );

  program
    .command("push")
    .summary("bring a new update")
    .description("Brings a new update: pins the archive by its content and fills in the version.")
    .argument("<id>", "what it is called, e.g. security-patch-001")
    .argument("<description>", "what it brings, for the people who approve it")
    .option("--archive <url>", "where the archive is; {version}, {id}, {app} are filled in")
    .option("--archive-ca <file>", "CA of that host, where it is your own")
    .option("--version <version>", "SemVer; by default what the archive says, or the next patch")
    .option("--sha256 <hex>", "digest of the archive, where it cannot be read from here (needs a version)")
    .option("--app <name>", "which app; by default what the archive says")
    .option("--allow-older", "may replace a newer version")
    .addOption(outputOption())
    .action((id: string, description: string, options: PushOptions, self: Command) =>
      does(self, (session) => push(session, id, description, options)),
    );

  program
    .command("verify")
    .summary("follow its verification, or verify again")
    .description("Follows the verification to its end and shows what each check found; exit 1 when it did not pass.")
    .argument("<id>")
    .addOption(tierOption("which tier").default("public"))
    .option("--again", "verify once more what is held there")
    .addOption(reasonOption())
    .addOption(new Option("-o, --output <format>", "for a machine").choices(["json"]))
    .addOption(timeoutOption(600))
    .action((id: string, options: Timed<Parameters<typeof verify>[2]>, self: Command) =>
      does(self, (session) => verify(session, id, timed(options))),
    );

  program
    .command("approve")
    .summary("approve the tier it waits at")
    .description("Approves the tier the update waits at, as you; says first what is approved.")
    .argument("<id>")
    .addOption(tierOption("which tier; the one it waits at by default"))
    .addOption(reasonOption())
    .option("--wait", "follow it until it stops again")
    .addOption(timeoutOption(600))
    .action((id: string, options: Timed<Parameters<typeof approve>[2]>, self: Command) =>
      does(self, (session) => approve(session, id, timed(options))),
    );

  program
    .command("override")
    .summary("open a window or a soak before its time")
    .description(
      "Opens what only time keeps shut at the tier an update waits at, for an emergency: it needs a right of its own, and the record keeps who did it and why. It replaces no approval and no check.",
    )
    .argument("<id>")
    .requiredOption("--reason <text>", "why it cannot wait; it stands in the record")
    .option("--wait", "follow it until it stops again")
    .addOption(timeoutOption(600))
    .action((id: string, options: Timed<OverrideOptions>, self: Command) =>
      does(self, (session) => override(session, id, timed(options))),
    );

  program
    .command("cancel")
    .summary("stop it")
    .description("Stops an update: before anything was delivered it goes no further, after that it is rolled back.")
    .argument("<id>")
    .addOption(reasonOption())
    .option("--wait", "follow it until it stops")
    .addOption(timeoutOption(600))
    .action((id: string, options: Timed<Parameters<typeof cancel>[2]>, self: Command) =>
      does(self, (session) => cancel(session, id, timed(options))),
    );

  program
    .command("rollback")
    .summary("put back what ran before")
    .description("Puts back what ran before, also of an update that is through; OMEGA's mainframes go first.")
    .argument("<id>")
    .addOption(tierOption("which tier; by default the furthest servers it came to"))
    .addOption(reasonOption())
    .option("--wait", "follow it until it stops")
    .addOption(timeoutOption(600))
    .action((id: string, options: Timed<Parameters<typeof rollback>[2]>, self: Command) =>
      does(self, (session) => rollback(session, id, timed(options))),
    );

  program
    .command("status")
    .summary("where updates are")
    .description("Shows the updates under way, or everything of one.")
    .argument("[id]")
    .option("--all", "also those that ended long ago")
    .option("-w, --watch", "follow one until it ends or is held, or Ctrl-C")
    .addOption(outputOption())
    .addOption(timeoutOption())
    .action((id: string | undefined, options: Parameters<typeof status>[2], self: Command) =>
      does(self, (session) => status(session, id, options)),
    );

  program
    .command("servers")
    .summary("what runs where")
    .description("Shows every server and mainframe: what runs there, and whether it is ready.")
    .addOption(outputOption())
    .action((options: { readonly output?: Output }, self: Command) =>
      does(self, (session) => servers(session, options)),
    );

  program
    .command("history")
    .summary("who moved what, provably")
    .description("Shows who moved an update where, and proves that nobody changed the account of it.")
    .argument("[id]", "the update; all of the namespace without it")
    .option("--verify", "walk the chain of hashes: exit 3 when it does not prove itself")
    .option(
      "--checkpoint <file>",
      "with --verify: nothing is missing that the operator signed in this log, or in this text",
    )
    .option("--keys <file>", "with --checkpoint: the JWKS of the keys the operator signs orders with")
    .option("--file <file>", "read records that -o jsonl wrote, without any cluster")
    .addOption(
      new Option("-o, --output <format>", "jsonl: the records as they are stored, one per line")
        .choices(["table", "jsonl"])
        .default("table"),
    )
    .action(async (id: string | undefined, _: unknown, self: Command) =>
      exit(await history(id, self.optsWithGlobals<HistoryOptions>(), screen)),
    );

  return program;
}
