/** Prose of our own for the rules' tests: each passage names what it is good for. */

/** Definitions, years, a person, a reason, a list, connectives. */
export const HEART = `How the heart keeps its rhythm
The sinoatrial node is a small cluster of cells in the upper wall of the right atrium. The node fires between 60 and 100 times a minute at rest. Each impulse spreads through both atria, reaches the atrioventricular node, and waits there for about 120 milliseconds. The impulse then travels down the bundle of His and along the Purkinje fibres.

Several factors change the rate. Exercise, fever, and fear speed the node up through adrenaline, whereas the vagus nerve slows it down. Drugs that act on the heart include beta blockers, calcium channel blockers, and digoxin. A healthy adult at rest has a lower rate after months of endurance training. However, a slow rate in an older person can be a sign of disease of the node itself. Therefore, doctors compare the rate with symptoms such as fainting before they decide on treatment. An artificial pacemaker is a device that delivers small electrical pulses when the natural rhythm fails. Modern devices last about ten years, and early ones lasted about two. A pacemaker consists of a pulse generator and one or more thin wires called leads.`;

/** Other names, abbreviations, percentages, years, additions. */
export const BONDS = `What a bond yield tells an investor
A bond is a loan that an investor makes to a government or a company. The issuer pays a fixed coupon, usually twice a year, and returns the principal at maturity. The yield to maturity, also known as the redemption yield, is the annual return that a buyer earns by holding the bond to its end. In 1981, ten-year Treasury notes in the United States yielded more than 15 percent. By 2020 the figure had fallen below 1 percent.

Three risks matter most to holders of bonds. Interest rate risk is the danger that prices drop because market rates go up. Credit risk is the danger that the issuer misses a payment. Inflation erodes the value of fixed coupons. A downgrade can lead to higher borrowing costs. The Federal Reserve (Fed) and the European Central Bank (ECB) influence short rates directly. In addition, large purchases of long bonds lower long rates. Duration measures the sensitivity of a bond's price to a change in yield. A duration of 7 means that the price falls by about 7 percent when the yield rises by 1 percent.`;

/** Who and when, reasons, consequences, numbers with units. */
export const VACCINES = `Vaccines and cold chains
Vaccines are biological preparations that train the immune system to recognize a germ. A cold chain is the series of refrigerators, boxes, and trucks that keeps them at that temperature from factory to clinic. Heat destroys the proteins in many vaccines, and freezing damages those with aluminium salts. Measles vaccine is supplied as a dry powder because the dried virus survives heat better. The World Health Organization (WHO) introduced vial monitors in 1996. A vial monitor is a label that darkens with heat. Nurses compare the colour of its inner square with the ring around it. Similarly, freeze indicators show whether a box has been too cold. In Ghana, drones operated by Zipline deliver vaccines to more than 2,000 clinics. Delivery by road took up to 6 hours in the rainy season. As a result, many clinics ran out of stock before the next truck arrived. Edward Jenner described vaccination against smallpox in 1798. Smallpox was declared eradicated in 1980.`;

/** A flattened table with percentages, then a list behind dashes. */
export const TABLE = `Marsh fever
The table gives how often each sign was seen. Sign and share of patients (when known) High temperature 90% Dry cough 50% Night sweats 50% Swollen joints 7.5% Weight loss 7.5% Autosomal recessive inheritance - Brittle nails - Slow progression - Muscle cramps - The share is a rough figure.`;

/** Sections that open with a question, and a bulleted list on lines of its own. */
export const QUESTIONS = `Gout
What causes gout? Gout is caused by crystals of uric acid that settle in a joint. The big toe is affected first in most people.

How is gout treated? Doctors treat an attack with colchicine or with steroids. Long treatment with allopurinol lowers the level of uric acid in the blood.

Foods that raise the level of uric acid include
- Red meat
- Beer
- Shellfish
- Sweet drinks`;

export const ALL = { HEART, BONDS, VACCINES, TABLE, QUESTIONS };
