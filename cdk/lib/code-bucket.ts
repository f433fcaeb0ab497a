import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

import { explainCodeBucket } from './acknowledgements';
import * as limits from './limits';
import { PropFaults } from './prop-faults';

/** Props of {@link TrailsealCodeBucket}. */
export interface TrailsealCodeBucketProps {
  /** The prefix of the bucket's name; a hyphen and the Region follow. */
  readonly bucketPrefix: string;
  /** The organization whose accounts may read the code. @default only the bucket's account */
  readonly organizationId?: string;
}

/**
 * The bucket with the function's code in one Region: Lambda accepts code only from its own Region.
 * Only its account, and the accounts of the organization if one is named, can read it.
 */
export class TrailsealCodeBucket extends Construct {
  /** The bucket. */
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, props: TrailsealCodeBucketProps) {
    super(scope, id);
    const faults = new PropFaults('TrailsealCodeBucket');
    noteBucketPrefix(props.bucketPrefix, faults);
    faults.form(
      'organizationId',
      props.organizationId,
      limits.ORGANIZATION_ID,
      'the id of an organization',
    );
    faults.refuse();
    this.bucket = new s3.Bucket(this, 'Bucket', {
      bucketName: codeBucketName(props.bucketPrefix, Aws.REGION),
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    if (props.organizationId !== undefined) {
      this.bucket.addToResourcePolicy(
        new iam.PolicyStatement({
          sid: 'OrganizationMayReadTheCode',
          principals: [new iam.AnyPrincipal()],
          actions: ['s3:GetObject'],
          resources: [this.bucket.arnForObjects('*')],
          conditions: { StringEquals: { 'aws:PrincipalOrgID': props.organizationId } },
        }),
      );
    }
    explainCodeBucket(this, this.bucket);
  }
}

/** The name of a Region's bucket. */
export function codeBucketName(bucketPrefix: string, region: string): string {
  return `${bucketPrefix}-${region}`;
}

/** Checks the prefix of the bucket names. */
export function noteBucketPrefix(bucketPrefix: string, faults: PropFaults): void {
  faults.form('bucketPrefix', bucketPrefix, limits.BUCKET_NAME, 'the beginning of a bucket name');
  // A hyphen and the longest name of a Region follow.
  faults.length('bucketPrefix', bucketPrefix, 63 - '-ap-southeast-1'.length - 2);
}
