# A VPC over three zones. Its three ranges are those that k8s/components/aws states: the load balancer is in the public
# subnets, machines, pods and brokers in the private ones, and Postgres in those of the database, which have no way out.

locals {
  index = { for index, zone in var.zones : zone => index }

  subnets = {
    public   = { for zone, index in local.index : zone => cidrsubnet(var.public_range, 2, index) }
    private  = { for zone, index in local.index : zone => cidrsubnet(var.private_range, 2, index) }
    database = { for zone, index in local.index : zone => cidrsubnet(var.database_range, 2, index) }
  }
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

# Nothing may use it: each resource has a security group of its own.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-default-closed" }
}

resource "aws_subnet" "public" {
  for_each = local.subnets.public

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  # The load-balancer controller finds subnets by these tags.
  tags = { Name = "${var.name}-public-${each.key}", "kubernetes.io/role/elb" = "1" }
}

resource "aws_subnet" "private" {
  for_each = local.subnets.private

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value

  tags = { Name = "${var.name}-private-${each.key}", "kubernetes.io/role/internal-elb" = "1" }
}

resource "aws_subnet" "database" {
  for_each = local.subnets.database

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value

  tags = { Name = "${var.name}-database-${each.key}" }
}
