/** Writes everything that is generated: `npm run generate`. CI runs it and refuses a difference. */
import { mkdirSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { crd, KINDS } from "../src/api/crds.ts";

const at = (path: string): string => new URL(`../${path}`, import.meta.url).pathname;
const yaml = (value: unknown): string => stringify(value, { lineWidth: 120, aliasDuplicateObjects: false });

mkdirSync(at("crds"), { recursive: true });
for (const words of KINDS) writeFileSync(at(`crds/${words.plural}.yaml`), yaml(crd(words)));
