import { parseGiven } from '../../activities/synthesize/given.ts';
import { joinExamples } from '../../activities/template/documents.ts';
import type { Mode } from '../../activities/template/pool-file.ts';
import { defaultPools, type Pools } from '../../activities/template/pools.ts';
import { type Example, renderChain } from '../../activities/template/render.ts';
import { BadImport } from '../../lake/errors.ts';
import { chainId, documentId } from '../../lake/identity.ts';
import type { Span } from '../../workflows/contract.ts';
import { findFiles } from '../import/files.ts';
import { pairsRows } from '../import/pairs.ts';

export interface PreviewRequest {
  /** A local file of contexts with pairs, as `import --pairs` takes it. */
  file: string;
  seed: string;
  /** Only this mode; by the weights where none is named. */
  mode?: Mode;
  variant: number;
  /** Texts in a chain: rows that follow each other. */
  texts: number;
  /** Documents at most. */
  limit: number;
}
export interface PreviewedDocument {
  /** The chain's id. */
  id: string;
  mode: Mode;
  text: string;
  spans: Span[];
  wordings: Readonly<Record<string, string>>;
}

/** Renders the pairs of a local file, without a lake: rows with pairs that follow each other become chains. Throws BadImport. */
export async function* previewTemplates(request: PreviewRequest): AsyncGenerator<PreviewedDocument> {
  const { file, seed, variant, texts, limit } = request;
  const [found] = await findFiles([file], () => {});
  if (found === undefined) throw new BadImport(`${file}: there is nothing in it to preview`);
  const pools = request.mode === undefined ? defaultPools() : inMode(request.mode);
  let row = 0;
  let made = 0;
  let id: string | undefined;
  let chain: Example[] = [];
  for await (const rows of pairsRows(found)) {
    for (const { context, pairs: cell } of rows) {
      const { pairs } = parseGiven(cell ?? '');
      const here = documentId(found.path, row++);
      if (context === null || pairs.length < fewest(request.mode)) continue;
      id ??= chainId(here);
      chain.push({ context, pairs });
      if (chain.length < texts) continue;
      yield rendered(id, chain);
      id = undefined;
      chain = [];
      if (++made >= limit) return;
    }
  }
  if (id !== undefined) yield rendered(id, chain);
  else if (made === 0) throw new BadImport(`${file}: it has no text with as many pairs as that takes`);

  function rendered(id: string, examples: readonly Example[]): PreviewedDocument {
    const chain = renderChain({ id, examples }, { seed, variant, pools });
    const { text, spans } = joinExamples(chain);
    return { id, mode: chain.mode, text, spans, wordings: chain.wordings };
  }
}

/** Pairs that each text of a chain must have. */
const fewest = (mode: Mode | undefined): number =>
  mode === 'numbered' || mode === 'few-shot' || mode === 'next-turn' ? 2 : 1;

/** The pools that come with the program, with all the weight on one mode. */
const inMode = (mode: Mode): Pools => ({
  ...defaultPools(),
  modes: { fewestPairsBelow2: { [mode]: 1 }, otherwise: { [mode]: 1 } },
});
