import { readFileSync } from 'node:fs';
import { openIndex } from '/work/wt/contamination/activities/benchmarks/benchmark-index.ts';
import { encodeIndex } from '/work/wt/contamination/activities/benchmarks/index-file.ts';
import { matchesIn } from '/work/wt/contamination/activities/benchmarks/match.ts';
import { bruteForce } from '/work/wt/contamination/test/brute-contamination.ts';
import { normaliseForDedupe } from '/work/wt/contamination/lake/unicode/normalise.ts';
import { signatureOf } from '/work/wt/contamination/activities/dedupe/signature.ts';
import { hashWords } from '/work/wt/contamination/activities/benchmarks/hashed-words.ts';
import { readFooter, footerFrom } from '/work/wt/contamination/lake/parquet/footer.ts';
import { readRows } from '/work/wt/contamination/lake/parquet/rows.ts';
const D='/work/shared/data/';
async function table(file: string, cols: string[]) {
  const bytes = readFileSync(D+file);
  const store: any = { bucket:'b', get: async (_: string, o: any) => bytes.subarray(...(o?.range ?? [0, bytes.length])) };
  const src = { key: file, etag:'e', size: bytes.length };
  const footer = await readFooter(store, src);
  const out: any[] = [];
  for await (const { rows } of readRows(store, src, footer, { columns: cols })) out.push(...rows);
  return out;
}
const squad = JSON.parse(readFileSync(D+'contextqa/squad.json','utf8'));
const items: any[] = [];
for (const a of squad.data) for (const p of a.paragraphs) for (const q of p.qas)
  items.push({ question:[q.question], answer: q.answers.map((x:any)=>x.text), context:[p.context] });
const nS = items.length;
const pm = JSON.parse(readFileSync(D+'contextqa/pubmedqa.json','utf8'));
for (const x of Object.values(pm) as any[]) items.push({ question:[x.QUESTION], answer:[x.LONG_ANSWER], context: x.CONTEXTS });
console.log('squad items', nS, 'pubmedqa', items.length-nS, process.argv.length);
const W=(t:string)=>t.normalize('NFKC').toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu)??[];
const qs=items.slice(0,nS).map(i=>W(i.question[0]).length);
console.log('squad q <8', qs.filter(n=>n<8).length, '<13', qs.filter(n=>n<13).length, 'answers>=8', items.slice(0,nS).filter(i=>i.answer.some((a:string)=>W(a).length>=8)).length);
const b = openIndex(['squad','pubmedqa']);
let t0=performance.now();
items.forEach((values,row)=>b.add(row<nS?0:1,{object:row<nS?0:1,row,values}));
const {index,counts}=b.finish(['squad','pubmedqa']);
console.log('build ms', (performance.now()-t0).toFixed(0), counts, 'bytes', encodeIndex(index).reduce((s,x)=>s+x.length,0));
const docs: string[]=[];
for (const f of ['gard','ghr','cancergov','ninds','mplus']) for (const r of await table(`corpus/${f}.parquet`,['text'])) if (typeof r.text==='string') docs.push(r.text);
const inst = (await table('instructions/t0.parquet',['instruction','response'])).map(r=>`${r.instruction} ${r.response}`);
const brute = bruteForce(items.map((values,row)=>({benchmark: row<nS?'squad':'pubmedqa', item:'x', itemRow: row, values})));
for (const [name, texts] of [['corpus',docs],['t0',inst],['squad contexts',[...new Set(items.slice(0,nS).map(i=>i.context[0]))]]] as const) {
  let found=0, texthits=0, bf=0, differ=0; const ex: any[]=[];
  const fields: Record<string,number>={};
  for (const text of texts) {
    const m = matchesIn(index, text);
    if (m.length) texthits++;
    for (const x of m) { const k=index.sets[index.setOf[x.value]!]+' '+['question','answer','options','context'][index.fieldOf[x.value]!]+(index.answers.has(x.value)?' short':''); fields[k]=(fields[k]??0)+1; if (ex.length<12 && name!=='squad contexts') ex.push([k,x.words,x.grams,index.gramsOf[x.value]]); }
    found += m.length;
    const mine = new Set(m.flatMap(x=>Array.from({length:index.firstItem[x.value+1]!-index.firstItem[x.value]!},(_, i)=>`${index.itemRow[index.firstItem[x.value]!+i]} ${['question','answer','options','context'][index.fieldOf[x.value]!]}`)));
    const theirs = new Set(brute(text).map(x=>`${x.itemRow} ${x.field}`));
    bf += theirs.size;
    if (mine.size!==theirs.size || [...mine].some(x=>!theirs.has(x))) differ++;
  }
  console.log(name, texts.length,'texts; hits in', texthits, 'matches', found, 'brute', bf, 'differ', differ, fields); for (const e of ex) console.log('   ', JSON.stringify(e));
}
const mb = docs.reduce((s,d)=>s+Buffer.byteLength(d),0)/1e6;
function time(what:string, f:(t:string)=>void){ for(const d of docs.slice(0,500)) f(d); const best=[0,1,2].map(()=>{const c=process.cpuUsage(); for(const d of docs) f(d); const u=process.cpuUsage(c); return (u.user+u.system)/1e6;}).sort((a,b)=>a-b)[0]!; console.log(what, (mb/best).toFixed(1),'MB/s', (1000*best/mb).toFixed(2),'ms/MB'); }
console.log('corpus MB', mb.toFixed(1));
time('fold', t=>normaliseForDedupe(t));
const folded=new Map(docs.map(d=>[d,normaliseForDedupe(d)]));
time('hashWords', t=>hashWords(folded.get(t)!));
time('signature', t=>signatureOf(folded.get(t)!));
time('match (fold incl.)', t=>matchesIn(index,t));
// big index: 10M synthetic grams
const big = openIndex(['big']);
let seed=1; const rnd=()=>(seed=Math.imul(seed,1664525)+1013904223|0)>>>0;
const vocab=[...new Set(docs.slice(0,200).flatMap(d=>W(d)))];
const m0=process.memoryUsage(); t0=performance.now();
let g=0; for(let row=0; g<5e6; row++){ const n=120; g+=n-12; big.add(0,{object:0,row,values:{context:[Array.from({length:n},()=>vocab[rnd()%vocab.length]).join(' ')]}}); }
const tb=performance.now(); const bi=big.finish(['x']); 
console.log('big grams', bi.index.grams.values.length, 'add s', ((tb-t0)/1000).toFixed(1),'finish s', ((performance.now()-tb)/1000).toFixed(1), 'encoded MB', (encodeIndex(bi.index).reduce((s,x)=>s+x.length,0)/1e6).toFixed(1), 'rss', (process.memoryUsage().rss/1e6).toFixed(0), 'before', (m0.rss/1e6).toFixed(0));
time('match, 5M grams', t=>matchesIn(bi.index,t));
