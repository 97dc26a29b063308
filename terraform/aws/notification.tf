# What the notification service may do on AWS: its pods and the Lambda function. A test compares the actions with the commands in
# services/notification/ and lambda/.

locals {
  mail_address = regex("[^<> ]+@[^<> ]+", var.mail_from)
  mail_domain  = split("@", local.mail_address)[1]
  ses          = "arn:${local.account.partition}:ses:${local.account.region}:${local.account.id}"

  notification_settings = merge(
    {
      NODE_ENV           = "production"
      LOG_FORMAT         = "json"
      PUBLIC_URL         = "https://${var.host}"
      MAIL_DRIVER        = "ses"
      MAIL_FROM          = var.mail_from
      NOTIFICATION_STORE = "dynamodb"
      NOTIFICATION_TABLE = module.dynamodb.table_name
      SMS_DRIVER         = var.sms_enabled ? "sns" : "none"
    },
    var.events_topic_arn == null ? {} : { SNS_TOPIC_ARN = var.events_topic_arn }
  )

  notification_statements = concat(
    [
      {
        Sid       = "SendMailFromTheShop"
        Effect    = "Allow"
        Action    = ["ses:SendRawEmail"]
        Resource  = ["${local.ses}:identity/${local.mail_domain}", "${local.ses}:identity/${local.mail_address}", "${local.ses}:configuration-set/*"]
        Condition = { StringEquals = { "ses:FromAddress" = local.mail_address } }
      },
      {
        Sid      = "KeepMessages"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"]
        Resource = [module.dynamodb.table_arn, "${module.dynamodb.table_arn}/index/*"]
      },
      {
        # DynamoDB asks for it in the name of who reads.
        Sid       = "DecryptMessages"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [aws_kms_key.this["data"].arn]
        Condition = { StringEquals = { "kms:ViaService" = "dynamodb.${local.account.region}.amazonaws.com" } }
      }
    ],
    # A number of a telephone has no ARN: everything but topics.
    var.sms_enabled ? [{
      Sid         = "SendTextMessages"
      Effect      = "Allow"
      Action      = ["sns:Publish"]
      NotResource = ["arn:${local.account.partition}:sns:*:*:*"]
    }] : [],
    var.events_topic_arn == null ? [] : [{
      Sid      = "PublishToTheTopic"
      Effect   = "Allow"
      Action   = ["sns:Publish"]
      Resource = [var.events_topic_arn]
    }]
  )

  notification_policy = jsonencode({ Version = "2012-10-17", Statement = local.notification_statements })
}
