import { sharedCluster } from "../cluster/shared.ts";
import { playAttacks } from "../attacks/suite.ts";

playAttacks("the API server stamps (1.36)", { stamps: "ApiServer", cluster: () => Promise.resolve(sharedCluster()) });
