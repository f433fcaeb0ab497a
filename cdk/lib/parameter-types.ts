import type { ParameterSchema } from './rule-parameters';

/**
 * The TypeScript of the parameters, generated from their schema: one property each, every value as
 * the text that AWS Config passes.
 */
export function parameterTypes(schemas: Readonly<Record<string, ParameterSchema>>): string {
  const names = Object.keys(schemas).sort();
  const properties = names.flatMap((name) => {
    const spec = schemas[name];
    return spec === undefined ? [] : propertyLines(name, spec);
  });
  return [
    '// Made from schema/rule-parameters.schema.json by `npm run generate`; do not edit.',
    '',
    "/** The rule's parameters, as Config passes them; an empty value means the default. */",
    'export interface RuleParameters {',
    ...properties,
    '}',
    '',
    '/** The name of a parameter. */',
    'export type RuleParameterName = keyof RuleParameters;',
    '',
  ].join('\n');
}

function propertyLines(name: string, spec: ParameterSchema): string[] {
  const words = spec.enum?.map((word) => `'${word}'`).join(' | ');
  const kind = words === undefined ? 'string' : `${words} | ''`;
  const expected = spec['x-expected'] === undefined ? '' : ` Takes ${spec['x-expected']}.`;
  const fallback = spec.default === undefined ? '' : ` @default ${spec.default}`;
  return [`  /** ${spec.description}${expected}${fallback} */`, `  readonly ${name}?: ${kind};`];
}
