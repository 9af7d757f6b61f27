/** Word tables of the rules. All lower case, ASCII; a lookup needs no tables of the engine. */
function table(words: string): ReadonlySet<string> {
  return new Set(words.trim().split(/\s+/));
}

/** Words that point outside their sentence: a sentence or question that opens with one does not stand alone. */
export const PRONOUNS = table(`
  it its itself they them their theirs themselves he him his she her hers this that these those such we us our ours
  you your yours i me my one ones both neither either each others another same former latter who whom whose which
  what there here none`);

/** Words that no subject starts with. */
export const NOT_A_SUBJECT = table(`
  in on at by of for from with without within to into onto about above below under over after before during between
  among through throughout until since because although though while whereas if unless when whenever where wherever
  as than and or but nor so yet however therefore thus hence also then once only even not no never often usually
  typically generally sometimes rarely normally frequently commonly additionally furthermore moreover finally
  first second third similarly instead otherwise despite unlike like please see how why some many most several few
  all any other more less much until depending according given based using compared due approximately nearly
  almost worldwide currently recently today early later next last along besides except further still just both
  common main major likely unlikely possible possibly perhaps maybe about around every`);

/** Words that show that a clause, not a noun phrase, has begun. */
export const CLAUSE = table(`
  is are was were be been being am has have had having do does did can could may might must shall should will would
  cannot not that which who whom whose when where because if although while whereas this these those it its they
  their them he she his her we our you your i my there such another itself themselves than here`);

/** Nouns that need a complement to name anything: "the condition", "affected people", "treatment". */
export const GENERIC = table(`
  one ones condition conditions disease diseases disorder disorders syndrome syndromes illness problem problems patient
  patients person people individual individuals man men woman women child children infant infants baby babies adult
  adults family families case cases form forms type types kind kinds cause causes symptom symptoms sign signs feature
  features finding findings treatment treatments therapy therapies drug drugs medicine medicines medication
  medications test tests exam exams diagnosis prognosis outlook risk risks factor factors number numbers rate rates
  level levels amount result results effect effects process processes procedure procedures study studies research
  researchers scientists doctors doctor physicians experts author authors information list table figure example
  examples summary section text article page site company companies firm firms bank banks group groups program
  method methods approach system systems area areas part parts thing things way ways reason reasons goal goals aim
  purpose difference change changes mutation mutations variant variants gene genes protein proteins cell cells
  enzyme substance tissue region body role function step steps stage stages age time year years day days following
  rest term name abnormality abnormalities severity frequency onset option options team price prices cost costs
  market markets firm fund funds product products service services report reports rule rules plan plans`);

/** Nouns in the plural without an s. */
export const PLURALS = table(
  'people children men women cattle bacteria criteria phenomena data mice feet teeth media',
);

/** Words with which a phrase can end before its complement begins. */
export const PREPOSITIONS = table(`
  of in on at by for from with without within to into onto about above below under over after before during between
  among through throughout until since against across along around near off out up down per via as like than`);

/** Words that are written small inside a sentence, whatever they were at its start. */
export const SMALL = table(`
  the a an in on at by of for from with without within to into about after before during between among through since
  because although though while whereas if unless when where as and or but most many some several few all any no both
  each every other another more less these those this that such its their his her our your early late common
  treatment treatments symptoms signs people children adults infants babies patients individuals women men mutations
  variants changes doctors researchers scientists studies research cells genes proteins tests drugs medicines
  affected abnormal additional certain different early high low large small long short new old young normal severe mild
  genetic inherited rare surgery blood cancer tumors banks bonds stocks investors companies firms funds prices rates
  interest inflation markets loans credit insurers savers buyers sellers customers households central commercial
  risk factors having taking eating using being one two three four five six seven eight nine ten approximately about
  nearly almost only half exercise bone skin liver kidney heart brain muscle diagnosis complications causes`);

/** Words by which a sentence talks about its page rather than its matter. */
export const LAYOUT = table(`
  below following click link links website websites webpage page pages http https www pdf figure image table tables
  video summary summaries resource resources dictionary read learn visit contact listed please chapter check ask list lists trials
  search refine ontology hpo orphanet gard ghr omim medlineplus genereview genereviews emedicine pubmed pdq nci nih ninds nord ncbi`);
