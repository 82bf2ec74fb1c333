import { checkSeeds } from './seeds.ts';

checkSeeds(1, 2);
