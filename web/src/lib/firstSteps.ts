/** The first commands on an empty server, in the order they build on each other. */
import { shellWord, type Where } from "./snippets";

export interface FirstStep {
  title: string;
  text: string;
}

export function firstSteps({ endpoint, region }: Where): FirstStep[] {
  return [
    {
      title: "Point your clients at this server",
      text: [
        `export AWS_ENDPOINT_URL=${shellWord(endpoint)} AWS_REGION=${region} AWS_DEFAULT_REGION=${region}`,
        "export AWS_ACCESS_KEY_ID=…       # the key you signed in with",
        "export AWS_SECRET_ACCESS_KEY=…",
      ].join("\n"),
    },
    {
      title: "Make something happen: the call is recorded",
      text: [
        "BUCKET=first-bucket-$RANDOM$RANDOM",
        "aws s3 mb s3://$BUCKET",
        "aws cloudtrail lookup-events --max-results 5",
      ].join("\n"),
    },
    {
      title: "Send a metric and let an alarm watch it",
      text: [
        "aws cloudwatch put-metric-alarm --alarm-name first-alarm --namespace First --metric-name Errors \\",
        "  --statistic Sum --period 60 --evaluation-periods 1 --threshold 0 \\",
        "  --comparison-operator GreaterThanThreshold --treat-missing-data notBreaching",
        "aws cloudwatch put-metric-data --namespace First --metric-name Errors --value 3",
      ].join("\n"),
    },
    {
      title: "Write a log line",
      text: [
        "aws logs create-log-group --log-group-name /first/app",
        "aws logs create-log-stream --log-group-name /first/app --log-stream-name one",
        "aws logs put-log-events --log-group-name /first/app --log-stream-name one \\",
        "  --log-events timestamp=$(date +%s000),message='ERROR the first line'",
      ].join("\n"),
    },
    {
      title: "Watch how it is configured, and judge it",
      text: [
        "aws configservice put-configuration-recorder \\",
        "  --configuration-recorder name=default,roleARN=arn:aws:iam::000000000000:role/config",
        "aws configservice put-delivery-channel --delivery-channel name=default,s3BucketName=$BUCKET",
        "aws configservice start-configuration-recorder --configuration-recorder-name default",
        'aws configservice put-config-rule --config-rule \'{"ConfigRuleName": "versioned", "Source":',
        '  {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}}\'',
      ].join("\n"),
    },
  ];
}
