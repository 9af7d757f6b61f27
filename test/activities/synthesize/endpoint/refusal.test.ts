import { expect, test } from 'vitest';
import { refusalOf, retryAfterMs } from '../../../../activities/synthesize/endpoint/refusal.ts';

const NOW = Date.UTC(2026, 0, 5, 2, 0, 0);

test.each([
  ['7', 7_000],
  ['0.5', 500],
  ['Mon, 05 Jan 2026 02:00:30 GMT', 30_000],
  ['Mon, 05 Jan 2026 01:00:00 GMT', 0],
  ['86400', 3_600_000],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After %s is %s ms', (header, ms) => {
  expect(retryAfterMs(header, NOW)).toBe(ms);
});
test.each([
  [429, 'refusing'],
  [503, 'refusing'],
  [500, 'failing'],
  [502, 'failing'],
  [504, 'failing'],
  [400, 'final'],
  [401, 'final'],
  [404, 'final'],
  [308, 'final'],
])('a status of %i is %s', (status, kind) => {
  expect(refusalOf({ status, body: '' }, { endpoint: 'gpu' }, NOW).kind).toBe(kind);
});
test('a redirect names the other host, and nothing else of where it leads', () => {
  const location = 'https://other.example/login?token=abc';
  const { error } = refusalOf({ status: 302, body: '', location }, {}, NOW);
  expect(error.message).toContain('https://other.example;');
  expect(error.message).not.toContain('abc');
});
