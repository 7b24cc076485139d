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

Everything is written as you, with the rights of your kubeconfig; kubectl shows the same objects
(kubectl get adep,asrv,mf,adr). deploy --version says which deploy this is.
Exit codes: 0 done, 1 no (it says why), 2 asked wrongly, 3 trouble, 130 stopped by Ctrl-C.`;
