"""AWS Fault Injection Service, as the AWS FIS user guide and API model describe it."""
