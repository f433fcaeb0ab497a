import { templateFiles } from './templates';
import { parameterTypes } from './parameter-types';
import { PARAMETER_SCHEMAS } from './rule-parameters';

/** Every file of this package that is made from something else, by its path. */
export function generatedFiles(): Record<string, string> {
  return {
    'lib/rule-parameters.generated.ts': parameterTypes(PARAMETER_SCHEMAS),
    ...templateFiles(),
  };
}
