import { Token } from 'aws-cdk-lib';

/**
 * What is wrong with the props of a construct: collected, then refused all at once, each by name.
 *
 * A value that only the deployment knows (a token) is left to the deployment.
 */
export class PropFaults {
  private readonly faults: string[] = [];

  /** @param owner the construct whose props are examined */
  constructor(private readonly owner: string) {}

  /** Notes that a prop cannot have its value. */
  wrong(prop: string, value: unknown, expected: string): void {
    this.faults.push(`\`${prop}\` is \`${String(value)}\`; expected ${expected}`);
  }

  /** Notes anything else that is wrong; the message begins with a verb. */
  other(prop: string, message: string): void {
    this.faults.push(`\`${prop}\` ${message}`);
  }

  /** Notes sentences that name what they are about themselves. */
  add(sentences: string[]): void {
    this.faults.push(...sentences);
  }

  /** A value that must have a form. */
  form(prop: string, value: string | undefined, form: RegExp, expected: string): void {
    if (value === undefined || Token.isUnresolved(value)) {
      return;
    }
    if (!form.test(value)) {
      this.wrong(prop, value, expected);
    }
  }

  /** A list whose every value must have a form, none of them twice. */
  forms(prop: string, values: readonly string[], form: RegExp, expected: string): void {
    if (Token.isUnresolved(values)) {
      return;
    }
    const seen = new Set<string>();
    for (const value of values) {
      this.form(prop, value, form, expected);
      if (seen.has(value)) {
        this.other(prop, `names \`${value}\` twice`);
      }
      seen.add(value);
    }
  }

  /** A text with at most `charsMax` characters. */
  length(prop: string, value: string | undefined, charsMax: number): void {
    if (value === undefined || Token.isUnresolved(value)) {
      return;
    }
    if (value.length < 1 || value.length > charsMax) {
      this.other(
        prop,
        `has ${value.length.toString()} characters; it may have 1 to ${charsMax.toString()}`,
      );
    }
  }

  /** A whole number within bounds, both included. */
  whole(prop: string, value: number | undefined, least: number, most: number): void {
    if (value === undefined || Token.isUnresolved(value)) {
      return;
    }
    if (!Number.isInteger(value) || value < least || value > most) {
      this.wrong(prop, value, `a whole number from ${least.toString()} to ${most.toString()}`);
    }
  }

  /** Refuses the props if anything was wrong with them. */
  refuse(): void {
    if (this.faults.length > 0) {
      throw new Error(`${this.owner}: ${this.faults.join('; ')}`);
    }
  }
}
