import type { Place } from './place.ts';

/**
 * Each number is a latitude, and the names behind it are what lies about there: parts of the world as zones' names begin with them; those together
 * with a standard offset in hours, where it tells more, as in America those three hours behind Greenwich are in the south; and the
 * cities that are far from both.
 */
const TABLE = `
  78 Arctic/ America/0
  66 America/-2
  60 America/-9
  58 Asia/11 Asia/12
  52 America/-10 Asia/10
  48 Canada/ Europe/
  46 Europe/1
  40 America/ US/
  38 Asia/5
  32 Asia/ Atlantic/
  26 Asia/3
  22 Mexico/
  20 Asia/5.5
  17 Asia/6.5
  14 America/-4
  10 Africa/0
  8 Asia/7
  5 Africa/
  -10 Indian/ Pacific/
  -18 Africa/2
  -20 Brazil/
  -26 America/-3
  -30 Australia/
  -33 Chile/
  -70 Antarctica/

  63 Atikokan Cambridge_Bay Coral_Harbour Dawson Dawson_Creek Faeroe Faroe Fort_Nelson Inuvik Iqaluit Rankin_Inlet Resolute Reykjavik Thule
  Whitehorse Yellowknife
  58 Chita Irkutsk Khandyga Krasnoyarsk Yakutsk
  53 Aqtobe Atyrau Barnaul Novokuznetsk Novosibirsk Omsk Oral Qostanay Qyzylorda Tomsk Yekaterinburg
  48 Blanc-Sablon Choibalsan Glace_Bay Goose_Bay Halifax Hovd Miquelon Moncton Ulaanbaatar
  32 Bermuda Cairo Tripoli
  36 Algiers Casablanca Ceuta El_Aaiun Tunis
  20 Cancun Cayman Grand_Turk Guam Havana Honolulu Jamaica Johnston Midway Nassau Port-au-Prince Saipan Wake
  18 Bahia_Banderas Belize Cape_Verde Chihuahua Costa_Rica El_Salvador Guatemala Managua Mazatlan Merida Mexico_City Monterrey Tegucigalpa
  10 Juba Khartoum Kwajalein Majuro Palau Panama
  4 Bogota Brunei Kuala_Lumpur Kuching Singapore
  -4 Araguaina Belem Cayenne Dili Fortaleza Guayaquil Jayapura Maceio Makassar Manaus Noronha Paramaribo Recife Santarem
  -11 Eirunepe La_Paz Lima Porto_Acre Porto_Velho Rio_Branco St_Helena
  -16 Campo_Grande Cuiaba Darwin
  -25 Easter Gambier Norfolk Noumea Pitcairn Rarotonga Tongatapu
  -35 Santiago
  -40 Auckland Chatham
  -51 Coyhaique Kerguelen Punta_Arenas Rio_Gallegos South_Georgia Stanley Ushuaia
`;

/** Greenwich is 0 degrees, and an hour is 15 of the 360. */
const MINUTES_A_DEGREE = 4;
const LARGEST_OFFSET = 14 * 60;

let latitudes: ReadonlyMap<string, number> | undefined;

/**
 * About where a time zone is, from nothing but its name in the IANA database and its standard offset from UTC in minutes, positive to the east:
 * the sun gives the longitude, the name the latitude. For nearly all zones it is within 2,000 km of the place they are named
 * after. Undefined where the name tells no region (`UTC`, `Etc/GMT+5`), or the offset is none.
 */
export function placeOfTimeZone(name: string, offsetMinutes: number): Place | undefined {
  const [area = '', ...rest] = name.split('/');
  const city = rest.at(-1);
  if (city === undefined || !(Math.abs(offsetMinutes) <= LARGEST_OFFSET)) return undefined;
  latitudes ??= parse(TABLE);
  const latitude = latitudes.get(city) ?? latitudes.get(`${area}/${offsetMinutes / 60}`) ?? latitudes.get(`${area}/`);
  if (latitude === undefined) return undefined;
  const longitude = offsetMinutes / MINUTES_A_DEGREE;
  // Some islands go with the day beyond the date line.
  if (longitude > 180) return { latitude, longitude: longitude - 360 };
  return { latitude, longitude: longitude < -180 ? longitude + 360 : longitude };
}

function parse(table: string): ReadonlyMap<string, number> {
  const byName = new Map<string, number>();
  let latitude = 0;
  for (const word of table.trim().split(/\s+/)) {
    if (/^-?\d/.test(word)) latitude = Number(word);
    else byName.set(word, latitude);
  }
  return byName;
}
