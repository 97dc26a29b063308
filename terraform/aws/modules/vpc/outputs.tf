output "vpc_id" {
  description = "Id of the VPC"
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = "Public subnets, one in each zone"
  value       = [for zone in var.zones : aws_subnet.public[zone].id]
}

output "private_subnet_ids" {
  description = "Private subnets, one in each zone"
  value       = [for zone in var.zones : aws_subnet.private[zone].id]
}

output "database_subnet_ids" {
  description = "Subnets of the database, one in each zone"
  value       = [for zone in var.zones : aws_subnet.database[zone].id]
}

output "ranges" {
  description = "Ranges of the subnets, as network policies and TRUSTED_PROXIES name them"
  value       = { public = var.public_range, private = var.private_range, database = var.database_range }
}

output "nat_gateway_ids" {
  description = "NAT gateways by zone"
  value       = { for zone, gateway in aws_nat_gateway.this : zone => gateway.id }
}

output "nat_addresses" {
  description = "Public addresses that requests of the shop come from"
  value       = [for address in aws_eip.nat : address.public_ip]
}

output "private_route_table_ids" {
  description = "Route tables of the private subnets by zone"
  value       = { for zone, table in aws_route_table.private : zone => table.id }
}
