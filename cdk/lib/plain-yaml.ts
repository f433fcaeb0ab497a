import { Token } from 'aws-cdk-lib';
import { Document, Scalar, visit } from 'yaml';

// YAML 1.1, so that old parsers read a date or a `yes` as text.
const OPTIONS = { aliasDuplicateObjects: false, version: '1.1' } as const;

/** A template as readable YAML: short forms of the intrinsic functions, and a heading. */
export function plainYaml(template: Record<string, unknown>, heading: string[]): string {
  return written(shorten(template), heading);
}

/** YAML without short forms, like the sample packs of AWS. */
export function longYaml(template: Record<string, unknown>, heading: string[]): string {
  return written(template, heading);
}

function written(content: unknown, heading: string[]): string {
  const document = new Document(content, OPTIONS);
  document.commentBefore = heading.map((line) => ` ${line}`).join('\n');
  // Text with several lines, such as the template of a pack, becomes a block.
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && node.value.includes('\n')) {
        node.type = Scalar.BLOCK_LITERAL;
      } else if (typeof node.value === 'string' && Token.isUnresolved(node.value)) {
        // Quote the value: `true` and the like must stay text after deployment.
        node.type = Scalar.QUOTE_SINGLE;
      }
    },
  });
  return document.toString({ lineWidth: 100, singleQuote: true });
}

function shorten(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(shorten);
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  const members = Object.entries(value);
  const only = members.length === 1 ? members[0] : undefined;
  const short = only === undefined ? undefined : intrinsic(only[0], only[1]);
  return short ?? Object.fromEntries(members.map(([name, member]) => [name, shorten(member)]));
}

function intrinsic(name: string, argument: unknown): Scalar | undefined {
  if (name === 'Ref' && typeof argument === 'string') {
    return tagged('!Ref', argument);
  }
  if (name === 'Fn::GetAtt' && isTexts(argument)) {
    return tagged('!GetAtt', argument.join('.'));
  }
  if (name === 'Fn::Sub' && typeof argument === 'string') {
    return tagged('!Sub', argument);
  }
  if (name === 'Fn::Join' && Array.isArray(argument) && argument[0] === '') {
    return substitution(argument[1]);
  }
  return undefined;
}

/**
 * Writes a join of texts, references and attributes as one `Fn::Sub` text; existing braces are
 * escaped and stay as they are.
 */
function substitution(parts: unknown): Scalar | undefined {
  if (!Array.isArray(parts)) {
    return undefined;
  }
  const texts = parts.map((part: unknown) => {
    if (typeof part === 'string') {
      return part.replaceAll('${', '${!');
    }
    const { Ref: reference, 'Fn::GetAtt': attribute } = part as Record<string, unknown>;
    if (typeof reference === 'string') {
      return `\${${reference}}`;
    }
    return isTexts(attribute) ? `\${${attribute.join('.')}}` : undefined;
  });
  return texts.includes(undefined) ? undefined : tagged('!Sub', indented(texts.join('')));
}

/** Writes JSON, such as a dashboard, with indentation. */
function indented(text: string): string {
  return text.startsWith('{"') ? JSON.stringify(JSON.parse(text), null, 2) : text;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((part) => typeof part === 'string');
}

function tagged(tag: string, text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.tag = tag;
  return scalar;
}
