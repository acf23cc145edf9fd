global using Morag.Failover.Contracts.Ids;
global using Morag.Failover.Contracts.Wire;
global using Morag.Failover.Domain.Owners;
global using System.Collections.Immutable;
