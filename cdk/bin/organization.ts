import { organization } from './organization-app';
import { run } from './run';

run(organization);
