/** Constructs that deploy the Trailseal rule. */
export { TrailsealFunction, type TrailsealFunctionProps } from './function';
export { type FunctionNetwork, type ProgramSettings, type StrictSettings } from './program';
export { prebuiltCode, type PrebuiltCode, type Program } from './code';
export {
  TrailsealRule,
  SCHEDULE_HOURS,
  type TrailsealRuleProps,
  type RuleSettings,
  type Schedule,
} from './rule';
export { parameterFaults } from './rule-parameters';
export type { RuleParameters, RuleParameterName } from './rule-parameters.generated';
export { TrailsealAccountStack, type TrailsealAccountStackProps } from './account-stack';
export { TrailsealCodeBucket, type TrailsealCodeBucketProps } from './code-bucket';
export { TrailsealStackSet, type TrailsealStackSetProps, type StackSetTargets } from './stack-set';
export {
  TrailsealOrganizationRule,
  type TrailsealOrganizationRuleProps,
  type MemberRoleStackSet,
} from './organization-rule';
export { TrailsealMemberRole, type TrailsealMemberRoleProps } from './member-role';
export {
  TrailsealConformancePack,
  TrailsealOrganizationConformancePack,
  type TrailsealConformancePackProps,
  type TrailsealOrganizationConformancePackProps,
} from './conformance-pack';
export { type PackSettings } from './pack-template';
export { TrailsealMonitoring, type AlarmTopic, type TrailsealMonitoringProps } from './monitoring';
export { type MonitoredFunction } from './metrics';
export { TrailsealTopic, type TrailsealTopicProps } from './topic';
export { TrailsealTickets, type TrailsealTicketsProps } from './tickets';
export { TrailsealRemediation, type TrailsealRemediationProps } from './remediation';
export { type PackRemediation, type RemediationSettings } from './remediation-settings';
export { TrailsealHook, type TrailsealHookProps, type FailureMode } from './hook';
export {
  TrailsealFindings,
  type FindingsParameters,
  type TrailsealFindingsProps,
} from './findings';
