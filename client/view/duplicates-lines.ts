import { printable } from '../../lake/printable.ts';
import type { RunRef } from '../../workflows/contract.ts';
import { sideBySide } from '../duplicates/side-by-side.ts';
import type { ShownText } from '../duplicates/texts.ts';
import type { RunDuplicates, ShownCluster } from '../duplicates.ts';
import { counted, thousands } from './format.ts';

/** How many duplicates a run dropped, in a line: `1,204 duplicates, 800 of them near, 31 of earlier runs`. */
export function duplicatesLine(counts: { duplicates: number; near: number; earlier: number }): string {
  const { duplicates, near, earlier } = counts;
  return [
    counted(duplicates, 'duplicates'),
    ...(near > 0 ? [`${thousands(near)} of them near`] : []),
    ...(earlier > 0 ? [`${thousands(earlier)} of earlier runs`] : []),
  ].join(', ');
}

/** Clusters for people: what was kept, and under it what was dropped for it; with texts, each beside the kept one. */
export function duplicatesLines(run: RunRef, found: RunDuplicates, columns: number): string[] {
  const { clusters, total, unseen, decided } = found;
  const name = printable(`${run.domain}/${run.run}`, '');
  if (!decided) return [`${name} has not decided yet who is a duplicate.`];
  const groups = total === null ? 'more clusters than are counted' : counted(total, 'clusters');
  const head = `${name}: ${duplicatesLine(found)}; ${groups}`;
  return [
    head,
    ...clusters.flatMap((cluster, i) => clusterLines(run, cluster, i + 1, columns)),
    ...(unseen > 0 ? [`Clusters of up to ${counted(unseen, 'documents')} may be missing here.`] : []),
  ];
}

function clusterLines(run: RunRef, cluster: ShownCluster, number: number, columns: number): string[] {
  const { kept, size, dropped } = cluster;
  const earlier = kept.run === run.run ? '' : `, of the earlier run ${kept.run}`;
  const more = size - dropped.length;
  return [
    '',
    printable(
      `${number}. kept ${kept.key} row ${kept.row}${earlier}: ${counted(size, 'documents')} dropped for it`,
      '',
    ),
    ...dropped.flatMap(({ key, row, kind, similarity, text }) => [
      printable(`   ${kind.padEnd(5)} ${similarity.toFixed(3)}  ${key} row ${row}`, ''),
      ...(text === undefined ? [] : textLines(kept.text ?? null, text, columns)),
    ]),
    ...(more > 0 && dropped.length > 0 ? [`   … and ${thousands(more)} more`] : []),
  ];
}

function textLines(kept: ShownText | null, dropped: ShownText | null, columns: number): string[] {
  if (kept === null || dropped === null) {
    return [`   the text of the ${kept === null ? 'kept' : 'dropped'} document is not in the lake`, ''];
  }
  const rest = (text: ShownText): number => text.characters - text.text.length;
  const cut =
    rest(kept) + rest(dropped) > 0
      ? [
          `   cut: ${thousands(rest(kept))} and ${thousands(rest(dropped))} characters more of the kept and the dropped text`,
        ]
      : [];
  return ['', ...sideBySide(kept.text, dropped.text, columns), ...cut, ''];
}
