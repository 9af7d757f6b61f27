import type { Bench, Findings, Outcome, Settings } from './bench.ts';
import { measureCurve } from './dedupe/curve.ts';
import { measureSignatures } from './dedupe/signatures.ts';
import { measureWhole } from './dedupe/whole.ts';
import { obtainPeer } from './peer.ts';
import { withScratch } from './scratch.ts';
import { sourceTexts } from './texts.ts';

/** Dedupe in three parts: signatures, how well they find planted near-duplicates, and the whole of it. */
export const dedupe: Bench = {
  name: 'dedupe',
  about:
    'signatures, planted near-duplicates, a whole corpus with edited copies: this package, Rensa, datatrove',
  runs: 3,
  run: (settings) => withScratch((folder) => measureAll(folder, settings)),
};

async function measureAll(folder: string, settings: Settings): Promise<Findings> {
  const { note, signal } = settings;
  const found = await obtainPeer('dedupe', note, signal);
  const peer = 'missing' in found ? undefined : found;
  if ('missing' in found)
    note(`Rensa and datatrove are missing, so there are no figures for them: ${found.missing}`);
  const all = await sourceTexts();
  const texts = { ...all, texts: all.texts.slice(0, settings.texts) };
  const outcomes: Outcome[] = [
    await measureCurve(folder, all.texts, peer, settings),
    await measureSignatures(folder, texts, peer, settings),
    await measureWhole(folder, texts, peer, settings),
  ];
  return { outcomes, versions: peer?.versions ?? {} };
}
