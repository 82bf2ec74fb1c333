/** The parts of the world in the order in which they are shown. */
export const REGIONS = [
  'Africa',
  'Asia',
  'Europe',
  'North America',
  'Oceania',
  'South America',
  'Worldwide',
  'Not known',
] as const;
export type Region = (typeof REGIONS)[number];

/**
 * The codes of ISO 3166-1 by the part of the world that the United Nations count them to (M49; Central America and the Caribbean with North
 * America), and EU, which NIP-11 has besides. Antarctica and its islands are with Oceania.
 */
const COUNTRIES: Readonly<Partial<Record<Region, string>>> = {
  Africa:
    'AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW IO KE KM LR LS LY MA MG ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TF TG TN TZ UG YT ZA ZM ZW',
  Asia: 'AE AF AM AZ BD BH BN BT CN CY GE HK ID IL IN IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY NP OM PH PK PS QA SA SG SY TH TJ TL TM TR TW UZ VN YE',
  Europe:
    'AD AL AT AX BA BE BG BY CH CZ DE DK EE ES EU FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK',
  'North America':
    'AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM PR SV SX TC TT US VC VG VI',
  Oceania: 'AQ AS AU BV CC CK CX FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF WS',
  'South America': 'AR BO BR CL CO EC FK GF GS GY PE PY SR UY VE',
};

let regions: ReadonlyMap<string, Region> | undefined;

/** The part of the world of a country code as in NIP-11. */
export function regionOf(country: string | undefined): Region {
  if (country === '*') return 'Worldwide';
  regions ??= new Map(
    REGIONS.flatMap((region) => (COUNTRIES[region] ?? '').split(' ').map((code) => [code, region] as const)),
  );
  return (country && regions.get(country)) || 'Not known';
}
