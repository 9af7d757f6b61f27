import type { Sample } from './rss.ts';

const WIDTH = 960;
const HEIGHT = 360;
const LEFT = 60;
const RIGHT = 12;
const TOP = 40;
const BOTTOM = 44;

/** Memory over time as SVG: a line, the phases as bands, the limit as a rule. */
export function memoryPlot(samples: readonly Sample[], limit: number, title: string): string {
  const end = samples.at(-1)?.seconds ?? 1;
  const top = Math.max(limit * 1.1, ...samples.map(({ rss }) => rss));
  const x = (seconds: number): string => (LEFT + ((WIDTH - LEFT - RIGHT) * seconds) / end).toFixed(1);
  const y = (bytes: number): string => (HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * bytes) / top).toFixed(1);
  const floor = HEIGHT - BOTTOM;

  const bands: { phase: string; from: number; to: number }[] = [];
  for (const { phase, seconds } of samples) {
    const last = bands.at(-1);
    if (last?.phase === phase) last.to = seconds;
    else bands.push({ phase, from: last?.to ?? seconds, to: seconds });
  }
  const shaded = bands.map(({ phase, from, to }, i) => {
    const width = Number(x(to)) - Number(x(from));
    const label =
      width < phase.length * 6.5
        ? ''
        : `<text x="${x((from + to) / 2)}" y="${TOP + 14}" text-anchor="middle">${phase}</text>`;
    return `<rect x="${x(from)}" y="${TOP}" width="${width.toFixed(1)}" height="${floor - TOP}" fill="${i % 2 === 0 ? '#f1f5f9' : '#e2e8f0'}"><title>${phase}</title></rect>${label}`;
  });
  const rules = Array.from({ length: Math.floor(top / 0.5e9) + 1 }, (_, i) => i * 0.5e9).map(
    (bytes) =>
      `<path d="M${LEFT} ${y(bytes)}H${WIDTH - RIGHT}" stroke="#cbd5e1"/><text x="${LEFT - 6}" y="${y(bytes)}" dy="4" text-anchor="end">${(bytes / 1e9).toFixed(1)} GB</text>`,
  );
  const step = [10, 30, 60, 120, 300, 600, 1200, 3600].find((each) => end / each <= 10) ?? 3600;
  const ticks = Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step).map(
    (seconds) => `<text x="${x(seconds)}" y="${floor + 16}" text-anchor="middle">${seconds} s</text>`,
  );
  const line = samples.map(({ seconds, rss }) => `${x(seconds)},${y(rss)}`).join(' ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#334155">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${LEFT}" y="24" font-size="14">${title}</text>
${[...shaded, ...rules, ...ticks].join('\n')}
<path d="M${LEFT} ${y(limit)}H${WIDTH - RIGHT}" stroke="#dc2626" stroke-dasharray="6 4"/>
<text x="${WIDTH - RIGHT - 4}" y="${y(limit)}" dy="-5" text-anchor="end" fill="#dc2626">limit ${(limit / 1e9).toFixed(1)} GB</text>
<polyline points="${line}" fill="none" stroke="#2563eb" stroke-width="1.2"/>
</svg>
`;
}
