import { checkSeeds } from './seeds.ts';

checkSeeds(0, 2);
