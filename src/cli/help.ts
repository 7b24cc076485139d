import { type Command, Help, Option } from "commander";

/** What stands above and below the list of commands in `deploy help`. */
export const ABOUT = "Moves an update from ALPHA through the Public server and OMEGA to the Licensed Mainframes.";

export const SESSION = `
The way of an update:
  deploy configure public https://staging.example.com PublicStaging
  deploy configure omega https://omega.example.com OmegaProduction
  deploy push security-patch-001 'Critical security fixes'
  deploy verify security-patch-001
  deploy approve security-patch-001
  deploy status
  deploy history
  deploy servers

Everything is written as you, with the rights of your kubeconfig; kubectl shows
the same objects (kubectl get adep,asrv,mf,adr).

Exit codes:
  0    it is done
  1    no, and it says why
  2    it was asked wrongly
  3    trouble, or a chain that does not prove itself
  130  Ctrl-C ended the looking, and nothing else`;

/** What an option does is wrapped also where its names leave little room beside them. */
export const NARROW_HELP = 20;

/** Not an option of the program, which would take that of `deploy push` away: it is read where it stands alone. */
const VERSION = new Option("--version", "which deploy this is (alone, without a command)");

export const visibleOptions = (command: Command): Option[] => {
  const own = new Help().visibleOptions(command);
  return command.parent === null ? [...own.slice(0, -1), VERSION, ...own.slice(-1)] : own;
};
