import { type Found, theory } from './figures.ts';

const WIDTH = 720;
const HEIGHT = 420;
const LEFT = 56;
const RIGHT = 16;
const TOP = 44;
const BOTTOM = 48;
const FROM = 0.45;
const COLORS = ['#2563eb', '#d97706'];

const x = (jaccard: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * (jaccard - FROM)) / (1 - FROM);
const y = (share: number): number => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
const at = (value: number): string => value.toFixed(1);

/** The share of pairs that meet in a band over their similarity as SVG: theory as a line, what was found as points. */
export function curvePlot(found: readonly (readonly [string, Found])[], threshold: number): string {
  const line = Array.from({ length: 111 }, (_, i) => FROM + i * 0.005)
    .map((jaccard) => `${at(x(jaccard))},${at(y(theory(jaccard)))}`)
    .join(' ');
  const rules = [0, 0.2, 0.4, 0.6, 0.8, 1].map(
    (share) =>
      `<path d="M${LEFT} ${at(y(share))}H${WIDTH - RIGHT}" stroke="#cbd5e1"/><text x="${LEFT - 6}" y="${at(y(share))}" dy="4" text-anchor="end">${share * 100} %</text>`,
  );
  const ticks = [0.5, 0.6, 0.7, 0.8, 0.9, 1].map(
    (jaccard) =>
      `<text x="${at(x(jaccard))}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${jaccard.toFixed(1)}</text>`,
  );
  const points = found.flatMap(([, { steps }], i) =>
    steps.map(({ jaccard, met, error }) => {
      const color = COLORS[i] ?? '#334155';
      // Side by side: they would cover each other.
      const where = x(jaccard) + (i - (found.length - 1) / 2) * 5;
      return `<path d="M${at(where)} ${at(y(Math.min(1, met + 2 * error)))}V${at(y(Math.max(0, met - 2 * error)))}" stroke="${color}"/><circle cx="${at(where)}" cy="${at(y(met))}" r="3" fill="${color}"/>`;
    }),
  );
  const legend = found.map(([name, { recall, precision }], i) => {
    const top = TOP + 18 + i * 18;
    return `<circle cx="${LEFT + 16}" cy="${top - 4}" r="3" fill="${COLORS[i] ?? '#334155'}"/><text x="${LEFT + 26}" y="${top}">${name}: recall ${at(recall * 100)} %, precision ${at(precision * 100)} % at ${threshold}</text>`;
  });
  const last = TOP + 18 + found.length * 18;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#334155">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${LEFT}" y="24" font-size="14">Planted pairs that meet in a band, by their exact Jaccard similarity</text>
${[...rules, ...ticks].join('\n')}
<text x="${at((LEFT + WIDTH - RIGHT) / 2)}" y="${HEIGHT - 10}" text-anchor="middle">Jaccard similarity of the sets of 5-word shingles; bars are two standard errors</text>
<path d="M${at(x(threshold))} ${TOP}V${HEIGHT - BOTTOM}" stroke="#64748b" stroke-dasharray="4 4"/>
<polyline points="${line}" fill="none" stroke="#475569" stroke-width="1.2"/>
${[...points, ...legend].join('\n')}
<path d="M${LEFT + 10} ${last - 4}h12" stroke="#475569"/><text x="${LEFT + 26}" y="${last}">theory, 1 - (1 - J⁸)¹⁴</text>
</svg>
`;
}
