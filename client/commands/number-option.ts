/** A number of an option, not negative. Throws BadUsage. */
export async function numberOf(
  name: string,
  text: string,
  fits: (value: number) => boolean,
): Promise<number> {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= 0 && fits(value)) return value;
  const { BadUsage } = await import('../../lake/errors.ts');
  throw new BadUsage(
    `${name} ${text} is not ${fits === Number.isInteger ? 'a whole number' : 'a number from 0 to 1'}`,
  );
}
