import type { ManifestCore, PublishedShard } from '../../activities/publish/publication.ts';
import type { Output } from '../../lake/commit.ts';
import type { ShardFormat } from '../../workflows/contract.ts';

/** A file as a trainer wants it, and the object that it is. */
export interface ExportedFile {
  as: string;
  output: Output;
}

/** For each format, the ends of its files: as they are in the lake → as trainers know them. `bin` and `idx` are the shard's own. */
const ENDS: Readonly<Record<ShardFormat, readonly (readonly [end: string, as: string, optional?: true])[]>> =
  {
    megatron: [
      ['.bin', '.bin'],
      ['.idx', '.idx'],
      ['.mask', '.mask', true],
    ],
    'parquet-text': [['.parquet', '.parquet']],
    olmo: [
      ['.bin', '.npy'],
      ['.csv.gz', '.csv.gz'],
      ['.mask', '.mask.npy', true],
    ],
    datatrove: [
      ['.bin', '.ds'],
      ['.ds.index', '.ds.index'],
      ['.ds.metadata', '.ds.metadata'],
      ['.mask', '.ds.loss', true],
    ],
    'parquet-ids': [['.ids.parquet', '.parquet']],
    arrow: [['.arrow', '.arrow']],
  };

/** The files of a shard in a format; undefined where the run does not have it. */
export function filesOf(shard: PublishedShard, format: ShardFormat): ExportedFile[] | undefined {
  const known = new Map(
    [shard.bin, shard.idx, ...(shard.files ?? [])].map((output) => [output.name, output]),
  );
  const files: ExportedFile[] = [];
  for (const [end, as, optional] of ENDS[format]) {
    const output = known.get(`${shard.name}${end}`);
    if (output !== undefined) files.push({ as: `${shard.name}${as}`, output });
    else if (!optional) return undefined;
  }
  return files;
}

/** The formats that a run has. */
export const formatsOf = (shards: readonly PublishedShard[]): ShardFormat[] =>
  (Object.keys(ENDS) as ShardFormat[]).filter((format) =>
    shards.every((shard) => filesOf(shard, format) !== undefined),
  );

/**
 * What Megatron takes as `--data-path`: for each shard its part of all tokens and its path without extension. A mix that is all in one
 * order needs none, and may have one all the same.
 */
export function megatronBlend(folder: string, { shards }: ManifestCore): string {
  const tokens = shards.reduce((sum, each) => sum + each.tokens, 0);
  return shards.map((each) => `${(each.tokens / tokens).toFixed(6)} ${folder}/${each.name}`).join(' ');
}
