import { fileURLToPath } from "node:url";

/** The hook that the sample brings along; its admin port comes after it. */
export const SAMPLE_HOOK = [process.execPath, fileURLToPath(new URL("../../examples/raos/reload.ts", import.meta.url))];

/** Asks the same of the server, which serves the layer `main`; a shell starts in a tenth of the time, and most tests are not about the hook. */
export const QUICK_HOOK = [
  "bash",
  "-c",
  '[[ $ASHAT_LAYER == main ]] || exit 0; exec 3<>"/dev/tcp/127.0.0.1/$0" && printf "POST /-/reload HTTP/1.0\\r\\n\\r\\n" >&3 && read -r line <&3 && [[ $line == *" 200 "* ]]',
];
