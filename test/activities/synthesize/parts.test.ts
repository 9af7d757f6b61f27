import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimateTokens, splitParts } from '../../../activities/synthesize/parts.ts';

/** Kind of text, text, and its tokens by GPT-2's and by OpenLLaMA's tokenizer (Hugging Face, no special tokens). */
const MEASURED: [string, string, number, number][] = [
  [
    'english',
    'Hypertension is a common condition in which the force of the blood against the artery walls is high enough that it may eventually cause health problems, such as heart dis',
    33,
    33,
  ],
  ['title', 'Familial hypobetalipoproteinemia', 11, 11],
  [
    'headings',
    'What are the treatments for Aicardi-Goutieres syndrome?\n\nHow might acute promyelocytic leukemia be treated?',
    29,
    33,
  ],
  [
    'german',
    'Die Behandlung der chronischen Nierenerkrankung richtet sich nach dem Stadium der Erkrankung und den Begleiterkrankungen. Blutdrucksenkende Arzneimittel wie Angiotensin-C',
    61,
    57,
  ],
  [
    'finnish',
    'Munuaisten vajaatoiminnan hoidossa kaytetaan verenpainelaakkeita, jotka hidastavat sairauden etenemista. Potilaan tulee seurata laboratoriokokeita saannollisesti ja nouda',
    68,
    69,
  ],
  [
    'swahili',
    'Matibabu ya ugonjwa sugu wa figo hutegemea hatua ya ugonjwa na magonjwa mengine yanayoambatana nao. Wagonjwa wanapaswa kuchunguza matokeo ya maabara mara kwa mara na kufu',
    73,
    74,
  ],
  [
    'polish',
    'Leczenie przewleklej choroby nerek zalezy od stadium zaawansowania oraz chorob wspolistniejacych. Pacjenci powinni regularnie kontrolowac wyniki badan laboratoryjnych. Źd',
    67,
    67,
  ],
  [
    'vietnamese',
    'Việc điều trị bệnh thận mạn tính phụ thuộc vào giai đoạn của bệnh và các bệnh đi kèm. Bệnh nhân nên kiểm tra kết quả xét nghiệm thường xuyên.',
    136,
    143,
  ],
  [
    'korean',
    '만성 신장 질환의 치료는 질환의 단계와 동반 질환에 따라 달라집니다. 환자는 정기적으로 검사 결과를 확인해야 하며, 혈압을 낮추는 약물을 복용해야 합니다. 뷁쫡햛.',
    194,
    224,
  ],
  [
    'chinese',
    '慢性肾脏病的治疗取决于疾病的分期和合并症。患者应定期检查实验室结果,尤其是肾小球滤过率和尿蛋白排泄。龘靐齉爩。',
    127,
    164,
  ],
  [
    'japanese',
    '慢性腎臓病の治療は、病期と合併症によって異なります。患者は定期的に検査結果を確認する必要があります。カタカナとひらがな。',
    98,
    181,
  ],
  [
    'hindi',
    'क्रोनिक किडनी रोग का उपचार रोग के चरण और सहवर्ती रोगों पर निर्भर करता है। रोगियों को नियमित रूप से जांच करानी चाहिए।',
    182,
    305,
  ],
  [
    'russian',
    'Лечение хронической болезни почек зависит от стадии заболевания и сопутствующих болезней. Пациентам следует регулярно проверять результаты анализов.',
    164,
    76,
  ],
  ['emoji', '😀😃🤷🏽‍♀️🧬💊🏥 patient 👩‍⚕️ says 👍🏿!! ❤️‍🔥🇩🇪🏴󠁧󠁢󠁥󠁮󠁧󠁿', 81, 114],
  [
    'digits',
    '1234567890 3.14159265358979 2024-05-06 12:34:56 0.001 1,234,567.89 5 6 7 8 9 +49 (0) 176 1234567 192.168.0.1 98.6 120/80',
    60,
    119,
  ],
  [
    'table',
    '| a | b | c |\n|---|---|---|\n| 1.2 | 3.4 | <0.001 |\n| 5 | 6 | n.s. |\n\n\n   \t\t\t  x\t1\t2\t3',
    57,
    64,
  ],
  [
    'code',
    'function foo(bar) {\n  const x = arr[i]?.map((v) => v * 2 ** 3);\n\tif (!(x !== null && y >>= 3)) { return x + "::" + y; }\n}\n// TODO fixMeNow snake_case_name CONST_VALUE __i',
    74,
    76,
  ],
  [
    'genes',
    'HLA-DRB1*04:01, BRCA1/2, TP53, CDKN2A, IL-6, TNF-α, NF-κB, p.Val600Glu (c.1799T>A), chr7:g.140453136A>T, rs113488022, ABCB11, SLC22A12, MT-ND4, XRCC4',
    93,
    116,
  ],
  [
    'chem',
    'N-(4-hydroxyphenyl)acetamide, 2-acetoxybenzoic acid, (RS)-2-(4-(2-methylpropyl)phenyl)propanoic acid, dihydroxyphenylalanine, hydroxychloroquine, trastuzumab, pembrolizum',
    69,
    74,
  ],
  [
    'drugs',
    'adalimumab alemtuzumab atezolizumab bevacizumab brentuximab vedotin canakinumab certolizumab pegol daclizumab denosumab eculizumab ranibizumab tocilizumab vedolizumab zan',
    72,
    67,
  ],
  [
    'caps',
    'WARNING: DO NOT TAKE THIS MEDICINE IF YOU ARE ALLERGIC TO PENICILLIN OR CEPHALOSPORINS. KEEP OUT OF REACH OF CHILDREN. HYPERSENSITIVITY REACTIONS HAVE BEEN REPORTED.',
    59,
    63,
  ],
  [
    'names',
    'Kowalczyk, Nguyen, Szczepański, Bhattacharya, Mukhopadhyay, Ramachandran, Venkataraman, Oyelaran, Tshabalala, Krzyzewski, van der Berg, McDonaghue, O’Sullivan',
    64,
    69,
  ],
];

/** Texts of words, sentences, odd spaces, marks, wide letters and lone surrogates. */
const text = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom(...'the patient with hypertension may need Dr Smith e.g BRCA1'.split(' ')),
      },
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          ' ',
          ' ',
          ' ',
          '. ',
          '.\n',
          '? ',
          '! ',
          '...',
          '\n\n',
          '\r\n',
          '\u3002',
          '.) ',
        ),
      },
      { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
      {
        weight: 1,
        arbitrary: fc.string({ unit: fc.constantFrom('x', 'Q', '7'), minLength: 20, maxLength: 60 }),
      },
      { weight: 1, arbitrary: fc.constantFrom('\ud83d\ude00', '\ud800', '\udc00', '환자는', '患者') },
    ),
    { maxLength: 120 },
  )
  .map((pieces) => pieces.join(''));
const one = (part: string) => [...part].length === 1;

describe('estimateTokens', () => {
  test.each(MEASURED)('%s: not under, and not over the bytes', (_, words, gpt2, llama) => {
    const estimate = estimateTokens(words);
    expect(estimate).toBeGreaterThanOrEqual(Math.max(gpt2, llama));
    expect(estimate).toBeLessThanOrEqual(Buffer.byteLength(words) + 1);
  });
  test('within 1.6 times the truth on English prose', () => {
    const [, words, gpt2, llama] = MEASURED[0] ?? ['', '', 0, 0];
    expect(estimateTokens(words)).toBeLessThan(1.6 * Math.min(gpt2, llama));
  });
  test('at most a token a byte and one, for any text', () => {
    fc.assert(
      fc.property(text, (words) => {
        expect(estimateTokens(words)).toBeLessThanOrEqual(Buffer.byteLength(words) + 1);
      }),
    );
  });
  test('literals', () => {
    expect(['', 'the', '12345', '환', '\ud83d\ude00', 'a\nb'].map(estimateTokens)).toEqual([
      1, 2, 6, 4, 5, 4,
    ]);
  });
});

describe('splitParts', () => {
  test('a text that fits is one part, an empty one too', () => {
    expect(splitParts('', 10)).toEqual(['']);
    expect(splitParts('The patient was seen. She left.', 100)).toEqual(['The patient was seen. She left.']);
  });
  test('cuts at the ends of sentences', () => {
    const sentences = [
      'The nurse saw Dr. Smith at 3.5 mg. ',
      'It hurts, e.g. here (and\nnot there). ',
      'Did J. Doe come? ',
      '“No.” ',
      'The end comes at last.\n\n',
      'Then a heading\n',
      '患者来了。',
      '他走了！」',
    ];
    const parts = splitParts(sentences.join(''), 1 + Math.max(...sentences.map(estimateTokens)));
    for (const part of parts) {
      const ends = sentences.filter((sentence) => part.endsWith(sentence));
      expect(ends.length, part).toBeGreaterThan(0);
    }
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.join('')).toBe(sentences.join(''));
  });
  test('a sentence too long alone is cut after white space, a word too long between code points', () => {
    const words = splitParts('alpha beta gamma delta epsilon zeta eta theta', 8);
    expect(words.length).toBeGreaterThan(2);
    for (const part of words.slice(0, -1)) expect(part.endsWith(' ')).toBe(true);
    expect(splitParts('\ud83d\ude00\ud83d\ude01\ud83d\ude02', 9)).toEqual([
      '\ud83d\ude00\ud83d\ude01',
      '\ud83d\ude02',
    ]);
    expect(splitParts('\ud83d\ude00x', 2)).toEqual(['\ud83d\ude00', 'x']);
  });
  test('words of a sentence that is not English cost what they do in it, though alone they may read as English', () => {
    const text = 'e.g xxxxxx7xx7xxxxxxxxxxBRCA1e.g\ud83d\ude00the';
    for (const part of splitParts(text, 35)) expect(estimateTokens(part)).toBeLessThanOrEqual(35);
  });
  test('joined they are the text; each fits or is one code point; none is empty; no pair is cut', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 60 }), (words, most) => {
        const parts = splitParts(words, most);
        expect(parts.join('')).toBe(words);
        for (const part of parts) {
          expect(estimateTokens(part) <= most || one(part), part).toBe(true);
          if (words !== '') expect(part).not.toBe('');
        }
        for (const [i, part] of parts.entries()) {
          const joint = part.slice(-1) + (parts[i + 1] ?? '').slice(0, 1);
          expect([...joint]).toHaveLength(joint.length);
        }
      }),
      { numRuns: 1000 },
    );
  });
  test.each([
    ['sentences', 'The patient was treated with aspirin. '],
    ['one word', 'x'],
    ['stops', '.'],
    ['spaces', ' '],
    ['one line without a stop', 'word '],
  ])('time grows with the length, not its square: %s', (_, piece) => {
    const time = (repeats: number) => {
      const long = piece.repeat(repeats);
      const from = performance.now();
      splitParts(long, 1000);
      return performance.now() - from;
    };
    const repeats = Math.round(200_000 / piece.length);
    time(repeats);
    expect(time(repeats * 8)).toBeLessThan(Math.max(20, time(repeats)) * 40);
  });
});
