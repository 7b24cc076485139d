import { httpsGet } from "../test/world/https-get.ts";
import type { Answer, Place } from "./scene.ts";

/** Asks a server as anyone could. */
export async function answerOf(place: Pick<Place, "url">, caPem: string): Promise<Answer> {
  const { status, body } = await httpsGet(`${place.url}/api/greeting`, caPem);
  if (status !== 200) return { version: "-", greeting: `HTTP ${status}` };
  const { version, greeting } = JSON.parse(body) as { readonly version: string; readonly greeting: string };
  return { version, greeting };
}

export const answersOf = async (places: readonly Place[], caPem: string): Promise<Readonly<Record<string, Answer>>> =>
  Object.fromEntries(
    await Promise.all(places.map(async (place) => [place.name, await answerOf(place, caPem)] as const)),
  );
