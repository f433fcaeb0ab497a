import { Token } from 'aws-cdk-lib';

/**
 * Collects the faults of a construct's props, and reports all of them at once by name.
 *
 * Values that are known only at deployment (tokens) are not checked.
 */
export class PropFaults {
  private readonly faults: string[] = [];

  /** @param owner the construct whose props are checked */
  constructor(private readonly owner: string) {}

  /** Adds an invalid value of a prop. */
  wrong(prop: string, value: unknown, expected: string): void {
    this.faults.push(`\`${prop}\` is \`${String(value)}\`; expected ${expected}`);
  }

  /** Adds any other fault; the message begins with a verb. */
  other(prop: string, message: string): void {
    this.faults.push(`\`${prop}\` ${message}`);
  }

  /** Adds complete sentences. */
  add(sentences: string[]): void {
    this.faults.push(...sentences);
  }

  /** Checks the format of a value. */
  form(prop: string, value: string | undefined, form: RegExp, expected: string): void {
    if (value === undefined || Token.isUnresolved(value)) {
      return;
    }
    if (!form.test(value)) {
      this.wrong(prop, value, expected);
    }
  }

  /** Checks the format of every value in a list, and that none is repeated. */
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

  /** Checks that a text has at most `charsMax` characters. */
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

  /** Checks that a number is whole and within inclusive bounds. */
  whole(prop: string, value: number | undefined, least: number, most: number): void {
    if (value === undefined || Token.isUnresolved(value)) {
      return;
    }
    if (!Number.isInteger(value) || value < least || value > most) {
      this.wrong(prop, value, `a whole number from ${least.toString()} to ${most.toString()}`);
    }
  }

  /** Throws an error if there is any fault. */
  refuse(): void {
    if (this.faults.length > 0) {
      throw new Error(`${this.owner}: ${this.faults.join('; ')}`);
    }
  }
}
