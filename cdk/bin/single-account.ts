import { run } from './run';
import { singleAccount } from './single-account-app';

run(singleAccount);
