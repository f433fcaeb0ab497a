import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'cdk.out', 'node_modules', 'lib/rule-parameters.generated.ts'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 70 }],
      eqeqeq: 'error',
    },
  },
  {
    // A suite of tests is one long callback.
    files: ['test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      // What jest offers to match anything is of any type.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      parserOptions: { projectService: false },
      globals: { Buffer: 'readonly', process: 'readonly', console: 'readonly', module: 'writable' },
    },
  },
);
